//! Channels in the store: their ledgers, the same way as those of stacks, and the suites that show where they are.

use std::fs::File;

use gachette_core::Sha256Digest;
use gachette_core::apt::Suite;
use gachette_core::channel::{ChannelPolicy, ChannelStep, KeptChannelEntry, Pin};
use gachette_core::stack::{
    By, Domain, Entry, Head, LowerPackage, Refusal, StackName, StackRef, lower, lower_by_lines,
};
use jiff::Timestamp;

use super::channel_wish::ChannelWish;
use super::error::RepositoryError;
use super::ledger::{check_number, number_of, unreadable};
use super::store::Created;
use super::{Repository, inside, key, lock, writer};

/// What became of a wish for a channel.
#[derive(Clone, Debug)]
pub struct ChannelCommitted {
    /// Its newest entry: the one that was written, or the one that already was as wished.
    pub newest: KeptChannelEntry,
    /// Whether an entry was written.
    pub changed: bool,
}

impl Repository {
    /// Does with a channel what is wished, or leaves it as it is when it is so already. The first wish makes it.
    ///
    /// # Errors
    /// When it is refused, or a stack has the channel's name.
    pub fn change_channel(
        &self,
        channel: &Suite,
        wish: &ChannelWish<'_>,
        policy: &ChannelPolicy,
        by: &By,
    ) -> Result<ChannelCommitted, RepositoryError> {
        let _turn = self.channel_turn(channel)?;
        let name = StackName::new(channel.domain().clone(), channel.name())?;
        let changed = self.append_to_channel(channel, &name, wish, policy, by);
        // Folders that were made for a turn only, since nothing came of it; those in which something is stay.
        if let Some(root) = self.store.root() {
            inside::remove_empty(root, key::channel(channel));
            inside::remove_empty(root, key::stack(&name));
        }
        changed
    }

    /// The same, in the turn of the channel.
    fn append_to_channel(
        &self,
        channel: &Suite,
        name: &StackName,
        wish: &ChannelWish<'_>,
        policy: &ChannelPolicy,
        by: &By,
    ) -> Result<ChannelCommitted, RepositoryError> {
        let mut taken = 0;
        loop {
            // Whoever lost the race for a number goes on with a higher one.
            let newest = self.last_of_channel(channel)?.max(taken);
            let newest = (newest > 0).then(|| self.read_channel(channel, newest)).transpose()?;
            self.check_expected_of(channel, newest.as_ref())?;
            // Nobody makes a stack of the same name meanwhile.
            let _free = if newest.is_none() { self.free_turn(name)? } else { None };
            let noted = wish
                .promoted()
                .map(|to| self.noted_checks(newest.as_ref(), &Pin::of(to), &policy.required_checks));
            let noted = noted.transpose()?.unwrap_or_default();
            let step = ChannelStep { channel, newest: newest.as_ref(), noted: &noted };
            let next = wish.step(step, policy, by.at(Timestamp::now(), writer::id()))?;
            let Some(next) = next else {
                let newest = newest.ok_or_else(|| missing(channel))?;
                return Ok(ChannelCommitted { newest, changed: false });
            };
            taken = next.number;
            let key = key::channel_entry(channel, taken);
            check_number(taken, || key::channel_entry(channel, key::LAST_REVISION))?;
            let bytes = next.to_bytes().map_err(|error| unreadable(key.clone(), &error))?;
            let entry = KeptChannelEntry::of(next, &bytes);
            if self.store.create(&key, bytes)? == Created::New {
                return Ok(ChannelCommitted { newest: entry, changed: true });
            }
        }
    }

    /// Refuses a change of a channel that is not as expected any more.
    pub(crate) fn check_expected_channel(&self, channel: &Suite) -> Result<(), RepositoryError> {
        self.check_expected_of(channel, self.newest_of_channel(channel)?.as_ref())
    }

    fn check_expected_of(
        &self,
        channel: &Suite,
        newest: Option<&KeptChannelEntry>,
    ) -> Result<(), RepositoryError> {
        let newest = newest.map(|kept| (kept.entry.number, &kept.hash));
        self.check_newest(format!("channel {channel}"), newest)
    }

    /// A channel's newest entry.
    ///
    /// # Errors
    /// When there is no such channel, or it cannot be read.
    pub fn channel(&self, channel: &Suite) -> Result<KeptChannelEntry, RepositoryError> {
        self.newest_of_channel(channel)?.ok_or_else(|| missing(channel))
    }

    /// The channels of a domain with their newest entries, by name.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn channels(&self, domain: &Domain) -> Result<Vec<KeptChannelEntry>, RepositoryError> {
        let names = self.channel_folders(domain)?.into_iter();
        let newest = names.map(|name| self.newest_of_channel(&name.into()));
        newest.filter_map(Result::transpose).collect()
    }

    /// The names in a domain's folder of channels.
    pub(crate) fn channel_folders(&self, domain: &Domain) -> Result<Vec<StackName>, RepositoryError> {
        let folders = self.store.children(&key::channels(domain))?.folders;
        Ok(folders.iter().filter_map(|name| StackName::new(domain.clone(), name).ok()).collect())
    }

    /// What a channel showed before that which it shows now.
    pub(crate) fn shown_before(&self, newest: &KeptChannelEntry) -> Result<Option<Pin>, RepositoryError> {
        for before in self.entries_before(newest) {
            let before = before?.entry.state.shows;
            if before != newest.entry.state.shows {
                return Ok(before);
            }
        }
        Ok(None)
    }

    /// The revision that a pin names.
    ///
    /// # Errors
    /// When the ledger of its stack does not hold that very revision.
    pub fn pinned(&self, pin: &Pin) -> Result<Entry, RepositoryError> {
        let entry = self.resolve(&pin.stack.at(pin.revision))?;
        check_pin(pin, &Head::from(&entry))?;
        Ok(entry)
    }

    /// The packages of which the second revision has an older version than the first.
    ///
    /// # Errors
    /// When one of them is not there.
    pub(crate) fn lower_packages(&self, from: &Pin, to: &Pin) -> Result<Vec<LowerPackage>, RepositoryError> {
        if let (Some(old), Some(new)) = (self.bytes_of(from)?, self.bytes_of(to)?)
            && let Some(lower) = lower_by_lines(&old, &new)
        {
            return Ok(lower);
        }
        let content = |pin| Ok::<_, RepositoryError>(self.pinned(pin)?.revision.packages);
        Ok(lower(&content(from)?, &content(to)?))
    }

    /// The stored bytes of what a pin names, which was found sound when it was pinned.
    fn bytes_of(&self, pin: &Pin) -> Result<Option<Vec<u8>>, RepositoryError> {
        let bytes = self.store.read(&key::revision(&pin.stack, pin.revision))?;
        Ok(bytes.filter(|bytes| Sha256Digest::of(bytes) == pin.hash).map(Into::into))
    }

    /// The stack, or where no stack has that name, what the channel of that name shows.
    ///
    /// # Errors
    /// When there is neither, or the channel shows nothing.
    pub fn stack_or_shown(&self, named: &StackRef) -> Result<Entry, RepositoryError> {
        let missing = match self.show_stack(named) {
            Err(error @ RepositoryError::Refused(Refusal::Missing { .. })) => error,
            found => return found,
        };
        let channel = Suite::from(named.stack.clone());
        match self.newest_of_channel(&channel)? {
            // A revision is one of a stack.
            Some(_) if named.revision.is_some() => Err(missing),
            Some(newest) => {
                let shown = newest.entry.state.shows.ok_or(RepositoryError::ShowsNothing { channel })?;
                self.pinned(&shown)
            }
            None => Err(self.called_nothing(missing)),
        }
    }

    /// What is said where a channel might be named as well as a stack, and there is neither.
    pub(crate) fn called_nothing(&self, missing: RepositoryError) -> RepositoryError {
        let RepositoryError::Refused(Refusal::Missing { stack: name, deleted: None }) = missing else {
            return missing;
        };
        let stacks = self.ledgers(name.domain()).unwrap_or_default();
        let channels = self.channel_folders(name.domain()).unwrap_or_default();
        let known = stacks.into_iter().chain(channels).filter(|known| *known != name);
        let known: Vec<StackName> = known.collect();
        let names: Vec<&str> = known.iter().map(StackName::name).collect();
        let near = gachette_core::nearest(name.name(), &names);
        let near = near.and_then(|near| known.iter().find(|known| known.name() == near)).cloned();
        RepositoryError::NothingCalled { name, near }
    }

    /// The same without what it holds: what the pin names was found sound when the channel was moved to it.
    pub(crate) fn pinned_head(&self, pin: &Pin) -> Result<Head, RepositoryError> {
        let head = self.resolve_head(&pin.stack.at(pin.revision), Some(pin.hash))?;
        check_pin(pin, &head)?;
        Ok(head)
    }

    /// Refuses a stack that a channel shows, may come to show, or would go back to.
    pub(crate) fn check_in_no_channel(&self, stack: &StackName) -> Result<(), RepositoryError> {
        for newest in self.channels(stack.domain())? {
            let state = &newest.entry.state;
            let is_it = |pin: &Pin| pin.stack == *stack;
            let why = if state.shows.as_ref().is_some_and(is_it) {
                "shows it"
            } else if state.approvals.iter().any(|approval| is_it(&approval.pin)) {
                "may be moved to it, as was said with `--approve`"
            } else if self.may_go_back_to(&newest, stack)? {
                "showed it before what it shows now, and may go back"
            } else {
                continue;
            };
            let (stack, channel) = (stack.clone(), newest.entry.channel);
            return Err(RepositoryError::InChannel { stack, channel, why });
        }
        Ok(())
    }

    /// Whether a channel showed a stack before what it shows now; where its ledger is damaged, whether it ever did, as far as
    /// that can be read.
    fn may_go_back_to(&self, newest: &KeptChannelEntry, stack: &StackName) -> Result<bool, RepositoryError> {
        let is_it = |pin: &Pin| pin.stack == *stack;
        match self.shown_before(newest) {
            Err(error) if error.is_of_one_path() => {
                let channel = &newest.entry.channel;
                let mut before =
                    (1..newest.entry.number).filter_map(|it| self.read_channel(channel, it).ok());
                Ok(before.any(|before| before.entry.state.shows.as_ref().is_some_and(is_it)))
            }
            before => Ok(before?.as_ref().is_some_and(is_it)),
        }
    }

    /// Refuses a name that a channel has: its suite would be that of a stack too.
    pub(crate) fn check_no_channel(&self, stack: &StackName) -> Result<(), RepositoryError> {
        let channel = Suite::from(stack.clone());
        if self.store.exists(&key::channel_entry(&channel, 1))? {
            return Err(RepositoryError::NameTaken { name: stack.clone(), by: "a channel" });
        }
        Ok(())
    }

    /// The turn of a stack that there is not, and whose name is free.
    fn free_turn(&self, name: &StackName) -> Result<Option<File>, RepositoryError> {
        if let Some(root) = self.store.root() {
            inside::make_folder(root, key::stack(name))?;
        }
        let turn = self.turn(name);
        self.check_no_stack(name)?;
        Ok(turn)
    }

    /// Refuses a name that a stack has, also one that was deleted, or that a tree of the original tool brought: no channel can have it.
    pub(crate) fn check_no_stack(&self, name: &StackName) -> Result<(), RepositoryError> {
        if self.newest(name)?.is_some() || self.has_stack(name)? {
            return Err(RepositoryError::NameTaken { name: name.clone(), by: "a stack" });
        }
        Ok(())
    }

    fn channel_turn(&self, channel: &Suite) -> Result<Option<File>, RepositoryError> {
        let Some(root) = self.store.root() else { return Ok(None) };
        let folder = key::channel(channel);
        inside::make_folder(root, &folder)?;
        Ok(lock::turn(&root.join(folder)))
    }

    /// A channel's newest entry, if there is one.
    pub(crate) fn newest_of_channel(
        &self,
        channel: &Suite,
    ) -> Result<Option<KeptChannelEntry>, RepositoryError> {
        match self.last_of_channel(channel)? {
            0 => Ok(None),
            number => {
                self.check_is_no_stack(channel)?;
                self.read_channel(channel, number).map(Some)
            }
        }
    }

    /// Refuses a channel that somebody put under the name of a stack, whose suite it would show otherwise.
    fn check_is_no_stack(&self, channel: &Suite) -> Result<(), RepositoryError> {
        let stack = StackName::new(channel.domain().clone(), channel.name())?;
        if self.store.exists(&key::revision(&stack, 1))? {
            let reason = format!("{stack} is a stack, and no channel can have its name; delete this folder");
            return Err(RepositoryError::Damaged { key: key::channel(channel), reason });
        }
        Ok(())
    }

    /// Refuses a channel whose ledger does not know what its suite was published from: its end is lost.
    pub(crate) fn check_knows(
        &self,
        channel: &Suite,
        (stack, revision, hash): (&StackName, u64, Sha256Digest),
    ) -> Result<(), RepositoryError> {
        let is_it = |pin: &Pin| (&pin.stack, pin.revision, pin.hash) == (stack, revision, hash);
        for number in (1..=self.last_of_channel(channel)?).rev() {
            if self.read_channel(channel, number)?.entry.state.shows.as_ref().is_some_and(is_it) {
                return Ok(());
            }
        }
        let (key, state) = (key::channel(channel), key::suite_state(channel));
        let reason = format!(
            "no entry says that it showed {stack}@{revision}, from which its suite was published: entries are lost; bring \
             them back from a backup, or delete `{state}` if they are gone for good"
        );
        Err(RepositoryError::Damaged { key, reason })
    }

    pub(super) fn last_of_channel(&self, channel: &Suite) -> Result<u64, RepositoryError> {
        // Not by leaps: where an entry was lost, an older one must not be taken for the newest.
        let files = self.store.children(&key::channel(channel))?.files;
        Ok(files.iter().filter_map(|file| number_of(file)).max().unwrap_or_default())
    }

    pub(crate) fn read_channel(
        &self,
        channel: &Suite,
        number: u64,
    ) -> Result<KeptChannelEntry, RepositoryError> {
        let key = key::channel_entry(channel, number);
        let damaged = |reason: &str| RepositoryError::Damaged { key: key.clone(), reason: reason.to_owned() };
        let bytes = self.store.read(&key)?.ok_or_else(|| damaged("the file is lost"))?;
        let kept = KeptChannelEntry::parse(&bytes).map_err(|error| unreadable(key.clone(), &error))?;
        if kept.belongs(channel, number) { Ok(kept) } else { Err(damaged("it is of another place")) }
    }
}

/// Refuses another revision than the one that a pin names.
fn check_pin(pin: &Pin, head: &Head) -> Result<(), RepositoryError> {
    if head.hash == pin.hash && head.content == pin.content && head.sealed {
        return Ok(());
    }
    let reason = "it is not the one that a channel was moved to".to_owned();
    Err(RepositoryError::Damaged { key: key::revision(&pin.stack, pin.revision), reason })
}

pub(super) fn missing(channel: &Suite) -> RepositoryError {
    RepositoryError::MissingChannel { channel: channel.clone() }
}
