//! Real programs, well-behaved and otherwise.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use super::*;

fn sh(script: &str) -> Process {
    Process::new("sh").args(["-c", script])
}

fn lines(process: &Process) -> (Result<Finished, ProcessError>, Vec<(Stream, String)>) {
    let mut seen = Vec::new();
    let result = process.run(&Cancel::new(), &mut |stream, line| seen.push((stream, line.to_owned())));
    (result, seen)
}

/// Runs, and cancels as soon as the program says something, which for these tests is always a process id.
fn cancel_at_first_line(process: &Process) -> (ProcessError, i32) {
    let (cancel, mut said) = (Cancel::new(), 0);
    let error = process.run(&cancel, &mut |_, line| {
        said = line.parse().unwrap();
        cancel.cancel();
    });
    (error.unwrap_err(), said)
}

fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A zombie waits for its new parent, but runs no more.
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

fn wait_for_end_of(pid: i32) {
    let began = Instant::now();
    while is_alive(pid) {
        assert!(began.elapsed() < Duration::from_secs(10), "{pid} lives on");
        std::thread::yield_now();
    }
}

#[test]
fn both_streams_come_as_lines_and_arguments_arrive_as_they_are() {
    let script = r#"printf '%s\n' "$@"; echo trouble >&2; printf unended"#;
    let (result, seen) = lines(&sh(script).args(["name", "$(id); `id`", "two words", "*", ""]));
    result.unwrap();
    let stdout: Vec<_> = seen.iter().filter(|(s, _)| *s == Stream::Stdout).map(|(_, l)| l.as_str()).collect();
    assert_eq!(stdout, ["$(id); `id`", "two words", "*", "", "unended"]);
    assert!(seen.contains(&(Stream::Stderr, "trouble".to_owned())));
}

#[test]
fn a_megabyte_on_both_streams_at_once_blocks_nobody() {
    let (result, seen) = lines(&sh("(yes err | head -n 200000 >&2) & yes out | head -n 200000; wait"));
    result.unwrap();
    assert_eq!(seen.len(), 400_000);
}

#[test]
fn there_is_nothing_to_read_and_nobody_to_ask() {
    assert_eq!(sh("cat; echo end").output(&Cancel::new()).unwrap().text(), "end");
}

#[test]
fn a_failure_tells_command_status_and_last_lines() {
    let error = sh("for i in 1 2 3 4; do echo line $i; done; exit 3").keep_lines(2);
    let (error, _) = lines(&error);
    let error = error.unwrap_err();
    assert_eq!(error.exit_code(), Some(3));
    assert_eq!(error.last_lines(), ["line 3", "line 4"]);
    let text = error.to_string();
    assert!(text.starts_with("`sh -c 'for i in"), "{text}");
    assert!(text.ends_with("ended with exit status 3:\n  line 3\n  line 4"), "{text}");
    let (error, _) = lines(&sh("kill -9 $$"));
    assert!(error.unwrap_err().to_string().ends_with("was killed by signal 9"));
}

#[test]
fn a_missing_program_and_a_missing_folder_are_told_apart() {
    let missing = Process::new("/nowhere/program").output(&Cancel::new()).unwrap_err();
    assert_eq!(missing.to_string(), "`/nowhere/program` is not installed, or not in PATH");
    let folder = Process::new("true").current_dir("/nowhere").output(&Cancel::new()).unwrap_err();
    assert!(folder.to_string().contains("there is no folder /nowhere"), "{folder}");
}

#[test]
fn the_environment_is_what_was_asked_for() {
    let env = Process::new("/usr/bin/env").env_clear().env("A", "1").env("B", "2").env_remove("A");
    assert_eq!(env.output(&Cancel::new()).unwrap().text(), "B=2");
}

#[test]
fn cancelling_ends_children_and_grandchildren() {
    let (error, grandchild) = cancel_at_first_line(&sh("sleep 600 & echo $!; wait"));
    assert!(matches!(error, ProcessError::Cancelled { .. }), "{error}");
    wait_for_end_of(grandchild);
}

#[test]
fn who_ignores_the_request_to_end_is_killed() {
    let deaf = sh("trap '' TERM; sh -c 'trap \"\" TERM; while :; do sleep 1; done' & echo $!; wait; wait");
    let (error, grandchild) = cancel_at_first_line(&deaf);
    assert!(matches!(error, ProcessError::Cancelled { .. }), "{error}");
    wait_for_end_of(grandchild);
}

#[test]
fn a_program_out_of_time_is_ended_with_what_it_said() {
    let began = Instant::now();
    let (error, _) = lines(&sh("echo started; exec sleep 600").timeout(Some(Duration::from_millis(300))));
    let error = error.unwrap_err();
    assert!(matches!(error, ProcessError::TimedOut { .. }), "{error}");
    assert_eq!(error.last_lines(), ["started"]);
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_program_that_falls_silent_is_ended_and_one_that_talks_is_not() {
    let limit = Some(Duration::from_millis(400));
    let (error, _) = lines(&sh("echo connecting; exec sleep 600").silence(limit));
    let error = error.unwrap_err();
    assert!(matches!(error, ProcessError::FellSilent { .. }), "{error}");
    assert_eq!(error.last_lines(), ["connecting"]);
    let talks = sh("for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; sleep 0.1; done").silence(limit);
    lines(&talks).0.unwrap();
}

#[test]
fn a_grandchild_that_keeps_the_pipe_does_not_keep_us() {
    let began = Instant::now();
    let (result, seen) = lines(&sh("sleep 600 & echo $!"));
    result.unwrap();
    wait_for_end_of(seen[0].1.parse().unwrap());
    // One that has left the group is let go.
    let script = "exec 3>&1; pid=$(setsid sh -c 'echo $$; exec sleep 600 >&3' &); echo $pid";
    let (result, seen) = lines(&sh(script));
    result.unwrap();
    let detached: i32 = seen[0].1.parse().unwrap();
    assert!(is_alive(detached));
    let detached = rustix::process::Pid::from_raw(detached).unwrap();
    rustix::process::kill_process(detached, rustix::process::Signal::KILL).unwrap();
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn what_a_program_leaves_running_ends_with_it_though_it_holds_no_pipe() {
    let (result, seen) = lines(&sh("sleep 600 >/dev/null 2>&1 & echo $!"));
    result.unwrap();
    wait_for_end_of(seen[0].1.parse().unwrap());
}

#[test]
fn who_asks_on_the_terminal_is_ended_instead_of_waiting_for_ever() {
    let (error, _) = lines(&sh("echo password?; kill -TTIN $$; echo never"));
    let error = error.unwrap_err();
    assert!(matches!(error, ProcessError::AskedTheTerminal { .. }), "{error}");
    assert_eq!(error.last_lines(), ["password?"]);
}

#[test]
fn a_program_that_ends_while_we_look_is_seen_to_end() {
    for round in 0..300 {
        let text = sh("printf x; exec 1>&- 2>&-; exit 0").output(&Cancel::new());
        assert_eq!(text.unwrap_or_else(|error| panic!("round {round}: {error}")).text(), "x");
    }
}

#[test]
fn output_beyond_the_limit_is_an_error_and_ends_the_program() {
    let error = Process::new("yes").output_limit(1 << 20).output(&Cancel::new()).unwrap_err();
    assert_eq!(error.to_string(), "`yes` wrote more than 1048576 bytes");
}

#[test]
fn a_held_lock_stays_until_the_child_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let ours = Arc::new(File::create(&path).unwrap());
    flock(&*ours, FlockOperation::LockExclusive).unwrap();
    let child = sh("echo $$; exec sleep 600").hold(ours);
    let cancel = Cancel::new();
    let other = File::open(&path).unwrap();
    let _ = child.run(&cancel, &mut |_, _| {
        flock(&other, FlockOperation::NonBlockingLockExclusive).unwrap_err();
        cancel.cancel();
    });
    drop(child);
    flock(&other, FlockOperation::NonBlockingLockExclusive).unwrap();
}

#[test]
fn a_command_is_shown_as_one_would_type_it() {
    let shown = Process::new("git").args(["fetch", "it's", "", "a b", "--depth=1"]).to_string();
    assert_eq!(shown, r"git fetch 'it'\''s' '' 'a b' --depth=1");
}

#[test]
fn a_step_of_a_recipe_finds_nothing_on_its_standard_input_and_is_the_process_that_is_watched() {
    let (result, seen) = lines(&Process::step("! read -r line; echo \"$0 ' $$\"; kill -9 $$"));
    let leader = seen[0].1.rsplit(' ').next().unwrap().parse::<i32>().unwrap();
    assert!(seen[0].1.starts_with("sh ' ") && !is_alive(leader), "{seen:?}");
    assert!(matches!(result, Err(ProcessError::Failed { .. })), "{result:?}");
}
