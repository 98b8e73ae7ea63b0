//! What kind of machine this is.

use gachette_core::host_check::SystemFacts;

/// The files that say which distribution it is, the first that is there counts (os-release(5)).
const FILES: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

pub(super) fn system() -> SystemFacts {
    let name = rustix::system::uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    let release = FILES.iter().find_map(|file| std::fs::read_to_string(file).ok());
    SystemFacts {
        kernel: format!("{} {}", text(name.sysname()), text(name.release())),
        machine: text(name.machine()),
        distribution: release.and_then(|release| pretty_name(&release)),
    }
}

/// The name for people, as a shell would read it: os-release(5) allows quotes, and a backslash before what is special.
fn pretty_name(release: &str) -> Option<String> {
    let value = release.lines().find_map(|line| line.trim().strip_prefix("PRETTY_NAME="))?.trim();
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
    let inner = quote.map_or(value, |quote| value.trim_matches(quote));
    let mut name = String::new();
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' if quote != Some('\'') => name.extend(characters.next()),
            character => name.push(character),
        }
    }
    Some(name).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distribution_is_what_a_shell_reads() {
        for release in [
            "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
            "PRETTY_NAME='a\\b'\n",
            "PRETTY_NAME=\"5 \\$ and \\\"x\\\" \\\\\"",
            "PRETTY_NAME=Alpine\n",
        ] {
            let script = format!("{release}\nprintf %s \"$PRETTY_NAME\"");
            let shell = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(pretty_name(release), String::from_utf8(shell.stdout).ok(), "{release}");
        }
        assert_eq!(pretty_name("NAME=x\nPRETTY_NAME=\n"), None);
    }

    #[test]
    fn this_machine_is_what_uname_says() {
        let uname = std::process::Command::new("uname").arg("-srm").output().unwrap();
        let found = system();
        let said = format!("{} {}", found.kernel, found.machine);
        assert_eq!(said, String::from_utf8(uname.stdout).unwrap().trim());
    }
}
