//! Stacks from the command line.

use gachette_core::Sha256Digest;

use crate::assert_transcript;
use crate::chain::Chain;
use crate::playground::Playground;

#[test]
fn a_stack_is_created_listed_and_shown() {
    let playground = Playground::new();
    assert_transcript!(playground.run("stack create 124 -m because"));
    assert_transcript!(playground.run("stack list"));
    assert_transcript!(playground.run("stack show 124"));
    assert_transcript!(playground.run("stack log 124"));
}

#[test]
fn a_stack_that_exists_is_left_as_it_is() {
    let playground = Playground::new();
    playground.ok("stack create 124");
    assert_transcript!(playground.run("stack create 124"));
}

#[test]
fn a_stack_that_was_to_be_a_copy_and_is_none_is_refused() {
    let chain = Chain::new();
    let playground = &chain.playground;
    playground.ok("quick 124 shop");
    playground.ok("stack create 125 --from 124");
    assert!(playground.ok("stack create 125 --from 124").contains("left as it is"));
    playground.ok("stack create 126");
    assert_transcript!(playground.run("stack create 126 --from 124"));
    assert_eq!(playground.json("stack show 126")["revision"], 1);
    assert_eq!(playground.run("stack create 126").code, 0);
    playground.ok("stack delete 126 --yes");
    playground.ok("stack create 126 --from 124");
}

#[test]
fn a_stack_from_a_missing_one_names_it_and_makes_nothing() {
    let playground = Playground::new();
    playground.ok("stack create 1");
    assert_transcript!(playground.run("stack create 124 --from 123"));
    assert_eq!(playground.json("stack list").as_array().unwrap().len(), 1);
}

#[test]
fn a_sealed_stack_refuses_changes_with_exit_code_5() {
    let playground = Playground::new();
    playground.ok("stack create 124");
    assert_transcript!(playground.run("stack seal 124"));
    assert_transcript!(playground.run("stack rollback 124 --to 1"));
}

#[test]
fn a_sealed_stack_is_deleted_once_no_channel_needs_it() {
    let chain = Chain::new();
    let playground = &chain.playground;
    playground.ok("stack create 1");
    playground.ok("quick 1 shop");
    for next in ["2", "3"] {
        playground.ok(&format!("stack create {next} --from 1"));
    }
    for stack in ["1", "2", "3"] {
        playground.ok(&format!("stack seal {stack}"));
    }
    let promote = |stack: &str| playground.ok(&format!("promote {stack} --to live --unsigned"));
    promote("1");
    assert_transcript!(playground.run("stack delete 1 --yes"));
    promote("2");
    let said = playground.run("stack delete 1 --yes");
    assert!(said.code == 5 && said.stderr.contains("may go back"), "{}", said.stderr);
    promote("3");
    playground.ok("stack delete 1 --yes -m old");
    assert_eq!(playground.json("stack log 1")[0]["reason"], "old");
    assert_transcript!(playground.run("stack create 1"));
    assert_eq!(playground.run("promote 1 --to live --unsigned").code, 2);
    playground.ok("promote 2 --to live --unsigned");
    playground.ok("repository fsck");
}

#[test]
fn a_signed_stack_that_was_deleted_is_no_damage_and_what_it_held_comes_back_as_is_said() {
    let chain = Chain::new();
    let playground = &chain.playground;
    let configuration = std::fs::read_to_string(playground.path("gachette.yml")).unwrap();
    playground.write("gachette.yml", &format!("{configuration}signing: {{keys: [archive], folder: keys}}\n"));
    playground.ok("key generate archive");
    playground.ok("quick 124 shop");
    playground.ok("stack seal 124");
    let held = playground.json("stack show 124")["packages"].clone();
    playground.ok("stack delete 124 --yes");
    playground.ok("repository fsck");
    let said = playground.run("stack show 124");
    assert_eq!(said.code, 2, "{}", said.stderr);
    let advice = said.stderr.split('`').nth(1).unwrap().strip_prefix("gachette ").unwrap();
    playground.ok(&advice.replace("NEW", "125"));
    assert_eq!(playground.json("stack show 125")["packages"], held);
    // As somebody would who edits what was sealed, and makes its deletion fit.
    let revision = |number: u64| {
        playground.path(&format!("repository/domain/default/stacks/124/revisions/{number:010}.json"))
    };
    let [sealed, deleting] = [revision(3), revision(4)].map(|path| std::fs::read_to_string(path).unwrap());
    let forged = sealed.replace("\"author\": \"ada", "\"author\": \"eve");
    let [old, new] = [&sealed, &forged].map(|text| Sha256Digest::of(text.as_bytes()).to_string());
    std::fs::write(revision(3), &forged).unwrap();
    std::fs::write(revision(4), deleting.replace(&old, &new)).unwrap();
    let said = playground.run("repository fsck");
    assert_eq!(said.code, 5, "{}", said.stdout);
    assert!(
        said.stdout.contains("0000000003.json: changed: it is not the revision that was sealed"),
        "{}",
        said.stdout
    );
}

#[test]
fn a_stack_that_names_a_lost_file_of_the_original_tool_is_not_sealed() {
    let playground = Playground::new();
    playground.write("repository/packages/dh-old/version/0.9/file", "lost.deb\n");
    playground.write("repository/domain/default/stacks/123/packages/dh-old/version", "0.9\n");
    playground.ok("repository init repository");
    let told = "packages/dh-old/version/0.9/file: the file that it names is lost: lost.deb";
    let checked = playground.run("repository fsck");
    assert!(
        format!("{}{}", checked.stdout, checked.stderr).contains(told),
        "{}{}",
        checked.stdout,
        checked.stderr
    );
    for line in ["stack seal 123", "publish 123 --unsigned"] {
        let said = playground.run(line);
        assert_eq!(said.code, 5, "{line}: {}", said.stderr);
        assert!(said.stderr.contains("package `dh-old` has no file: `lost.deb`"), "{line}: {}", said.stderr);
    }
    playground.ok("stack remove 123 dh-old");
    playground.ok("stack seal 123");
    playground.ok("publish 123 --unsigned");
}

#[test]
fn deleting_asks_and_without_a_terminal_the_answer_is_no() {
    let playground = Playground::new();
    playground.ok("stack create 124");
    assert_transcript!(playground.run("stack delete 124"));
    assert_transcript!(playground.run("stack delete 124 --yes"));
    assert_transcript!(playground.run("stack show 124"));
}

#[test]
fn names_that_could_leave_their_folder_are_refused() {
    let playground = Playground::new();
    for name in ["../x", "/x", "a/../../x", "a/b/c", "-x", "a b", "$(id)", "x;id", "x\ny", ""] {
        let said = playground.run_words(&["stack", "create", "--", name]);
        assert_eq!(said.code, 2, "{name:?}: {}", said.stderr);
    }
    assert!(!playground.path("repository").exists());
}

#[test]
fn a_copy_of_a_missing_stack_makes_no_repository() {
    let playground = Playground::new();
    assert_eq!(playground.run("stack create 124 --from 123").code, 2);
    assert!(!playground.path("repository").exists());
}

#[test]
fn no_stack_is_made_of_the_name_that_old_clients_mean_another_by() {
    let playground = Playground::new();
    for line in ["stack create latest", "stack_create:latest", "stack create web/latest"] {
        let said = playground.run(line);
        assert_eq!(said.code, 2, "{line}: {}", said.stderr);
        assert!(said.stderr.contains("hint: choose another name"), "{line}: {}", said.stderr);
    }
    assert_eq!(playground.json("stack list"), serde_json::json!([]));
    // One that the original tool made is taken over.
    let playground = Playground::new();
    playground.write("repository/domain/web/stacks/latest/packages/dh-old/version", "1.0\n");
    playground.write("repository/packages/dh-old/version/1.0/file", "dh-old-1.0-all.deb\n");
    playground.ok("stack create web/latest");
    assert_eq!(playground.json("stack show web/latest")["packages"][0]["name"], "dh-old");
}

#[test]
fn package_files_whose_names_are_not_safe_are_refused_and_those_of_other_tools_are_added() {
    let playground = Playground::new();
    playground.ok("stack create 1");
    let control = "Package: it\nVersion: 1:7~b+1\nArchitecture: all\nMaintainer: me\nDescription: x\n";
    playground.write("tree/DEBIAN/control", control);
    let debs = playground.path("repository/debs");
    // Without a name for the file, dpkg-deb gives it the one it has elsewhere.
    let mut build = std::process::Command::new("dpkg-deb");
    assert!(build.arg("--build").arg(playground.path("tree")).arg(&debs).output().unwrap().status.success());
    let named: Vec<String> = std::fs::read_dir(&debs)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".deb"))
        .collect();
    let [named] = named.try_into().unwrap();
    for name in
        ["it's.deb", "it;id.deb", "it$(id).deb", "it 7.deb", "it\"7.deb", "i\u{e4}.deb", "it&7.deb", "*.deb"]
    {
        std::fs::copy(debs.join(&named), debs.join(name)).unwrap();
        let said = playground.run_words(&["stack", "add", "1", name]);
        assert_eq!(said.code, 2, "{name}: {}", said.stderr);
        assert!(said.stderr.contains("rename the file"), "{name}: {}", said.stderr);
    }
    assert_eq!(playground.json("stack show 1")["revision"], 1);
    std::fs::copy(debs.join(&named), debs.join("it_1%3a7~b+1_all.deb")).unwrap();
    for name in [&named, "it_1%3a7~b+1_all.deb"] {
        assert_eq!(playground.run_words(&["stack", "add", "1", name]).code, 0, "{name}");
    }
    assert_eq!(playground.json("stack show 1")["packages"][0]["version"], "1:7~b+1");
    let pipe = debs.join("pipe.deb");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(playground.run("stack add 1 pipe.deb").code, 2);
}
