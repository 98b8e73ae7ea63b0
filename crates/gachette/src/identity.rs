//! Who and where this process is, for ledgers and records.

use std::path::Path;

/// The name of this machine.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The user and machine, such as `ada@build1`. Behind `sudo` it is the user who called it.
pub fn author() -> String {
    let named = |name: &str| std::env::var(name).ok().filter(|user| !user.is_empty());
    let user = named("SUDO_USER").or_else(|| named("LOGNAME")).or_else(|| named("USER"));
    let uid = rustix::process::getuid().as_raw();
    let user = user.or_else(|| account(uid)).unwrap_or_else(|| format!("uid{uid}"));
    format!("{user}@{}", host())
}

/// A user of this machine by his number, such as `ada@build1`.
pub fn author_of(uid: u32) -> String {
    let user = account(uid).unwrap_or_else(|| format!("uid{uid}"));
    format!("{user}@{}", host())
}

/// The name of a user in the machine's list of accounts, passwd(5).
fn account(uid: u32) -> Option<String> {
    let accounts = std::fs::read_to_string(Path::new("/etc/passwd")).ok()?;
    let uid = uid.to_string();
    let fields = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
    fields.into_iter().find(|fields| fields.get(2) == Some(&uid.as_str()))?.first().map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_author_is_a_user_at_a_machine() {
        let author = super::author();
        let (user, host) = author.split_once('@').unwrap();
        assert!(!user.is_empty() && host == super::host());
    }
}
