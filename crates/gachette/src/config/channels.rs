//! What channels ask for before they are moved: `channels.NAME.…`.

use gachette_core::apt::Suite;
use gachette_core::channel::{ChannelPolicy, CheckName, MOST_CHECKS};
use gachette_core::yaml::{Entry, Problem};
use indexmap::IndexMap;

use super::{Config, keys::Keys};

/// The keys of a channel.
const KEYS: &[&str] = &["approvals", "checked", "required_checks"];

impl Config {
    /// What this channel asks for: what is configured for `DOMAIN/NAME`, else for `NAME`, else nothing.
    pub fn channel_policy(&self, channel: &Suite) -> ChannelPolicy {
        let policy = self.channels.get(&channel.to_string()).or_else(|| self.channels.get(channel.name()));
        policy.cloned().unwrap_or_default()
    }
}

pub(super) fn read(keys: &mut Keys<'_>) -> IndexMap<String, ChannelPolicy> {
    let Some(entry) = keys.entry("channels") else { return IndexMap::new() };
    let Some(entries) = entry.value.entries() else {
        keys.wrong("channels", &entry.value, "a map of channels by their names");
        return IndexMap::new();
    };
    entries.iter().filter_map(|entry| Some((entry.key.clone(), read_one(entry, keys)?))).collect()
}

fn read_one(entry: &Entry, keys: &mut Keys<'_>) -> Option<ChannelPolicy> {
    let key = format!("channels.{}", entry.key);
    if let Err(error) = entry.key.parse::<gachette_core::stack::StackName>() {
        keys.problems.push(Problem::error(entry.key_place, format!("`{key}`: {error}")));
        return None;
    }
    let Some(entries) = entry.value.entries() else {
        keys.wrong(&key, &entry.value, "keys such as `approvals`");
        return None;
    };
    let keys = &mut Keys::of(entries, format!("{key}."), KEYS, None, keys.problems);
    let approvals = keys.number("approvals", "a whole number").unwrap_or_default();
    let checked = keys.flag("checked").unwrap_or_default();
    let required_checks = required_checks(keys);
    Some(ChannelPolicy { approvals, checked, required_checks })
}

fn required_checks(keys: &mut Keys<'_>) -> Vec<CheckName> {
    const KEY: &str = "required_checks";
    let names: Vec<CheckName> = keys.parsed_list(KEY);
    if names.len() > MOST_CHECKS {
        keys.refuse(KEY, &format!("at most {MOST_CHECKS} checks can be asked for, not {}", names.len()));
    }
    for (_, name) in names.iter().enumerate().filter(|(at, name)| names[..*at].contains(name)) {
        keys.refuse(KEY, &format!("`{name}` is given twice; keep one of them"));
    }
    names
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use gachette_core::apt::Suite;
    use gachette_core::stack::StackName;

    use crate::config::read::read;

    fn parse(text: &str) -> Result<crate::config::Config, String> {
        let parsed = read(text.as_bytes(), Some(Path::new("/srv/gachette.yml")), &[]);
        parsed.map(|parsed| parsed.config).map_err(|error| error.to_string())
    }

    #[test]
    fn checks_are_named_once_each_and_by_names_that_are_safe_anywhere() {
        let text = "channels:\n  live: {required_checks: [smoke-tests, security-scan]}\n  shop/live.required_checks: qa\n";
        let config = parse(text).unwrap();
        let of = |channel: &str| {
            let policy = config.channel_policy(&Suite::from(channel.parse::<StackName>().unwrap()));
            policy.required_checks.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(of("live"), ["smoke-tests", "security-scan"]);
        assert_eq!(of("shop/live"), ["qa"]);
        assert_eq!(of("staging"), [""; 0]);
        let many: Vec<String> = (0..65).map(|number| format!("c{number}")).collect();
        for (list, expected) in [
            ("[qa, qa]", "`qa` is given twice; keep one of them"),
            ("[qa, smoke tests]", "`smoke tests` is no name of a check: only letters, digits and"),
            ("[-x]", "`-x` is no name of a check: it must begin with"),
            ("['']", "`` is no name of a check: it is empty"),
            (&format!("[{}]", many.join(", ")), "at most 64 checks can be asked for, not 65"),
        ] {
            let said = parse(&format!("meta_path: x\nchannels.live.required_checks: {list}\n")).unwrap_err();
            let key = "/srv/gachette.yml:2:32: `channels.live.required_checks`: ";
            assert!(said.starts_with(&format!("{key}{expected}")), "{said}");
        }
        assert!(
            parse("channels.live.required_checks: {a: b}\n").unwrap_err().contains("text or a list of texts")
        );
    }
}
