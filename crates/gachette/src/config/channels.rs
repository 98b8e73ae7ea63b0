//! What channels ask for before they are moved: `channels.NAME.…`.

use gachette_core::apt::Suite;
use gachette_core::channel::ChannelPolicy;
use gachette_core::yaml::{Entry, Problem};
use indexmap::IndexMap;

use super::{Config, keys::Keys};

/// The keys of a channel.
const KEYS: &[&str] = &["approvals", "checked"];

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
    Some(ChannelPolicy { approvals, checked })
}
