//! What channels ask for before they are moved: `channels.NAME.…`.

use gachette_core::apt::Suite;
use gachette_core::channel::{ChannelPolicy, CheckName, MOST_CHECKS};
use gachette_core::stack::StackName;
use gachette_core::yaml::{Content, Entry, Problem};
use indexmap::IndexMap;

use super::{Config, keys::Keys};

/// The keys of a channel.
const KEYS: &[&str] = &["approvals", "checked", "required_checks"];

impl Config {
    /// What this channel asks for: what is configured for `DOMAIN/NAME`, in which reading put what stands only at `NAME`; else for `NAME`,
    /// else nothing.
    pub fn channel_policy(&self, channel: &Suite) -> ChannelPolicy {
        self.configured_channel(channel).cloned().unwrap_or_default()
    }

    /// The channel of which something is configured that was probably meant by this one, of which nothing is.
    pub(crate) fn near_configured_channel(&self, channel: &Suite) -> Option<Suite> {
        if self.configured_channel(channel).is_some() {
            return None;
        }
        let names = self.channels.keys().filter_map(|key| match key.split_once('/') {
            Some((domain, name)) => (domain == channel.domain().as_str()).then_some(name),
            None => Some(key.as_str()),
        });
        let near = gachette_core::nearest(channel.name(), &names.collect::<Vec<_>>())?;
        StackName::new(channel.domain().clone(), near).ok().map(Suite::from)
    }

    fn configured_channel(&self, channel: &Suite) -> Option<&ChannelPolicy> {
        self.channels.get(&channel.to_string()).or_else(|| self.channels.get(channel.name()))
    }
}

/// What stands below one name. Of what does not stand there, the name without its domain says what holds.
struct Given {
    approvals: Option<usize>,
    checked: Option<bool>,
    required_checks: Option<Vec<CheckName>>,
}

impl Given {
    /// What is asked for, where this stands below the name without the domain.
    fn over(&self, general: Option<&Self>) -> ChannelPolicy {
        let checks = |given: &Self| given.required_checks.clone();
        ChannelPolicy {
            approvals: self.approvals.or_else(|| general?.approvals).unwrap_or_default(),
            checked: self.checked.or_else(|| general?.checked).unwrap_or_default(),
            required_checks: checks(self).or_else(|| checks(general?)).unwrap_or_default(),
        }
    }
}

pub(super) fn read(keys: &mut Keys<'_>) -> IndexMap<String, ChannelPolicy> {
    let Some(entry) = keys.entry("channels") else { return IndexMap::new() };
    let Some(entries) = entry.value.entries() else {
        keys.wrong("channels", &entry.value, "a map of channels by their names");
        return IndexMap::new();
    };
    let given: IndexMap<&str, Given> =
        entries.iter().filter_map(|entry| Some((entry.key.as_str(), read_one(entry, keys)?))).collect();
    let policy = |(key, of_key): (&&str, &Given)| {
        let general = key.split_once('/').and_then(|(_, name)| given.get(name));
        ((*key).to_owned(), of_key.over(general))
    };
    given.iter().map(policy).collect()
}

fn read_one(entry: &Entry, keys: &mut Keys<'_>) -> Option<Given> {
    let key = format!("channels.{}", entry.key);
    if let Err(error) = entry.key.parse::<StackName>() {
        keys.problems.push(Problem::error(entry.key_place, format!("`{key}`: {error}")));
        return None;
    }
    let Some(entries) = entry.value.entries() else {
        keys.wrong(&key, &entry.value, "keys such as `approvals`");
        return None;
    };
    let keys = &mut Keys::of(entries, format!("{key}."), KEYS, None, keys.problems);
    for key in KEYS {
        refuse_empty(key, entries, keys);
    }
    let approvals = keys.number("approvals", "a whole number");
    let checked = keys.flag("checked");
    let required_checks = keys.entry("required_checks").map(|_| required_checks(keys));
    Some(Given { approvals, checked, required_checks })
}

/// Refuses a key without a value: whoever wrote it meant that something is asked for, such as by a list whose items are comments.
fn refuse_empty(key: &str, entries: &[Entry], keys: &mut Keys<'_>) {
    let empty = entries.iter().find(|entry| entry.key == key && matches!(entry.value.content, Content::Null));
    if let Some(entry) = empty {
        let nothing = match key {
            "approvals" => "0",
            "checked" => "false",
            _ => "[]",
        };
        keys.wrong_at(
            entry.key_place,
            key,
            &format!("has no value; leave it out, or write `{nothing}` to ask for nothing by it"),
        );
    }
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

    #[test]
    fn what_stands_below_a_domain_s_channel_leaves_the_rest_as_for_all_channels_of_the_name() {
        let text = "channels:\n  nn: {required_checks: [smoke-tests], checked: yes, approvals: 3}\n  default/nn: {approvals: 1}\n  shop/nn.required_checks: []\n  shop/nn.checked: no\n";
        for text in [text.to_owned(), reversed(text)] {
            let config = parse(&text).unwrap();
            let of = |channel: &str| {
                let policy = config.channel_policy(&Suite::from(channel.parse::<StackName>().unwrap()));
                (policy.approvals, policy.checked, policy.required_checks.len())
            };
            assert_eq!(
                [of("nn"), of("shop/nn"), of("other/nn")],
                [(1, true, 1), (3, false, 0), (3, true, 1)]
            );
        }
    }

    /// The same with what stands below the first key in the other order.
    fn reversed(text: &str) -> String {
        let (first, rest) = text.split_once('\n').unwrap();
        format!("{first}\n{}\n", rest.lines().rev().collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn a_key_without_a_value_is_no_way_to_ask_for_nothing() {
        for (key, nothing) in [("approvals", "0"), ("checked", "false"), ("required_checks", "[]")] {
            let said = parse(&format!("meta_path: x\nchannels.live.{key}:\n# - smoke-tests\n")).unwrap_err();
            let expected = format!(
                "`channels.live.{key}` has no value; leave it out, or write `{nothing}` to ask for nothing by it"
            );
            assert!(said.starts_with("/srv/gachette.yml:2:") && said.contains(&expected), "{said}");
            parse(&format!("channels.live.{key}: {nothing}\n")).unwrap();
        }
    }

    #[test]
    fn a_channel_of_nearly_a_configured_name_is_told_from_one_that_has_it() {
        let config = parse("channels:\n  live.checked: yes\n  shop/staging.approvals: 2\n").unwrap();
        let near = |channel: &str| {
            let channel = Suite::from(channel.parse::<StackName>().unwrap());
            config.near_configured_channel(&channel).map(|near| near.to_string())
        };
        assert_eq!(near("lvie").as_deref(), Some("default/live"));
        assert_eq!(near("shop/stagin").as_deref(), Some("shop/staging"));
        for other in ["live", "shop/live", "stagin", "else"] {
            assert_eq!(near(other), None, "{other}");
        }
    }
}
