//! What the next entry of a channel's ledger would be, or why there cannot be one.

use super::entry::{
    Approval, CHANNEL_FORMAT, ChannelChange, ChannelEntry, ChannelState, Hold, KeptChannelEntry, Pin,
};
use super::policy::{ChannelPolicy, ChannelRefusal, Unapproved};
use crate::apt::Suite;
use crate::stack::{Attribution, Head};

/// A step from a channel's newest entry, if it has one, to the next.
#[derive(Clone, Copy, Debug)]
pub struct ChannelStep<'a> {
    /// The channel.
    pub channel: &'a Suite,
    /// Its newest entry.
    pub newest: Option<&'a KeptChannelEntry>,
}

impl ChannelStep<'_> {
    /// Moves the channel to this revision. Nothing when it is there already.
    ///
    /// # Errors
    /// When the revision could still change, promotions are stopped, or too few people agree.
    pub fn promote(
        self,
        to: &Head,
        policy: &ChannelPolicy,
        by: Attribution,
    ) -> Result<Option<ChannelEntry>, ChannelRefusal> {
        let (pin, state) = (self.pin(to)?, self.state());
        if state.shows.as_ref() == Some(&pin) {
            return Ok(None);
        }
        if let Some(hold) = state.held {
            return Err(ChannelRefusal::Held { channel: self.channel.clone(), hold: Box::new(hold) });
        }
        let mut agreeing: Vec<String> =
            state.approvals.iter().filter(|it| it.pin == pin).map(|it| it.author.clone()).collect();
        agreeing.push(by.author.clone());
        agreeing.sort();
        agreeing.dedup_by(|one, other| person(one) == person(other));
        if agreeing.len() < policy.approvals {
            let (channel, stack) = (self.channel.clone(), pin.stack);
            let unapproved = Unapproved { channel, stack, needed: policy.approvals, by: agreeing };
            return Err(ChannelRefusal::Unapproved(Box::new(unapproved)));
        }
        let state = ChannelState { shows: Some(pin.clone()), held: None, approvals: Vec::new() };
        Ok(Some(self.next(ChannelChange::Promote { to: pin }, state, by)))
    }

    /// Moves the channel to this revision, if it shows now what was looked at. Nothing when it is there already.
    ///
    /// # Errors
    /// When it shows something else, and as for [`ChannelStep::promote`].
    pub fn promote_from(
        self,
        from: Option<&Pin>,
        to: &Head,
        policy: &ChannelPolicy,
        by: Attribution,
    ) -> Result<Option<ChannelEntry>, ChannelRefusal> {
        let next = self.promote(to, policy, by)?;
        match next {
            Some(_) if self.state().shows.as_ref() != from => {
                Err(ChannelRefusal::Moved { channel: self.channel.clone() })
            }
            next => Ok(next),
        }
    }

    /// Notes that somebody agrees to move the channel to this revision. Nothing when they said so already.
    ///
    /// # Errors
    /// When the revision could still change.
    pub fn approve(self, to: &Head, by: Attribution) -> Result<Option<ChannelEntry>, ChannelRefusal> {
        let (pin, mut state) = (self.pin(to)?, self.state());
        if state.approvals.iter().any(|it| it.pin == pin && person(&it.author) == person(&by.author)) {
            return Ok(None);
        }
        state.approvals.push(Approval { author: by.author.clone(), pin: pin.clone(), time: by.time });
        Ok(Some(self.next(ChannelChange::Approve { pin }, state, by)))
    }

    /// Stops promotions, for a reason. Whoever holds a channel that is held takes the hold over.
    ///
    /// # Errors
    /// Without a reason.
    pub fn hold(self, by: Attribution) -> Result<Option<ChannelEntry>, ChannelRefusal> {
        if by.reason.trim().is_empty() {
            return Err(ChannelRefusal::NoReason);
        }
        let hold = Hold { author: by.author.clone(), since: by.time, reason: by.reason.clone() };
        let state = ChannelState { held: Some(hold), ..self.state() };
        Ok(Some(self.next(ChannelChange::Hold {}, state, by)))
    }

    /// Lets promotions go on. Nothing when they do.
    pub fn release(self, by: Attribution) -> Option<ChannelEntry> {
        let state = self.state();
        state
            .held
            .is_some()
            .then(|| self.next(ChannelChange::Release {}, ChannelState { held: None, ..state }, by))
    }

    fn state(self) -> ChannelState {
        self.newest.map(|newest| newest.entry.state.clone()).unwrap_or_default()
    }

    fn pin(self, to: &Head) -> Result<Pin, ChannelRefusal> {
        if to.stack.domain() != self.channel.domain() {
            let (stack, channel) = (to.stack.clone(), self.channel.clone());
            return Err(ChannelRefusal::Foreign { stack, channel });
        }
        if !to.sealed {
            return Err(ChannelRefusal::Open { stack: to.stack.clone(), revision: to.number });
        }
        Ok(Pin::of(to))
    }

    fn next(self, change: ChannelChange, state: ChannelState, by: Attribution) -> ChannelEntry {
        ChannelEntry {
            format: CHANNEL_FORMAT,
            channel: self.channel.clone(),
            number: self.newest.map_or(1, |newest| newest.entry.number + 1),
            previous: self.newest.map(|newest| newest.hash),
            change,
            author: by.author,
            // The date of the suite is that of the promotion, and apt takes no older one after a newer.
            time: self.newest.map_or(by.time, |newest| newest.entry.time.max(by.time)),
            reason: by.reason,
            writer: by.writer,
            state,
        }
    }
}

/// Whose name this is: one who comes from two machines, `ada@one` and `ada@two`, is one.
fn person(author: &str) -> &str {
    author.split('@').next().unwrap_or(author)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::{By, Content, Entry, Next, StackName};

    fn by(author: &str, second: i64) -> Attribution {
        By::new(author).because("a test").at(jiff::Timestamp::from_second(second).unwrap(), "w".to_owned())
    }

    fn kept(next: Next) -> Entry {
        let Next::Revision(revision) = next else { panic!("nothing came") };
        let bytes = revision.to_bytes().unwrap();
        Entry::of(*revision, &bytes)
    }

    /// A sealed stack.
    fn sealed(name: &str) -> Head {
        let stack: StackName = name.parse().unwrap();
        let open = kept(Next::adopt(&stack, Content::default(), by("ada", 1)));
        Head::from(&kept(open.seal(by("ada", 2)).unwrap()))
    }

    /// A channel, driven step by step.
    struct Channel {
        name: Suite,
        newest: Option<KeptChannelEntry>,
        policy: ChannelPolicy,
    }

    impl Channel {
        fn new(approvals: usize) -> Self {
            let name = Suite::from("live".parse::<StackName>().unwrap());
            Self { name, newest: None, policy: ChannelPolicy { approvals, checked: false } }
        }

        fn step(&self) -> ChannelStep<'_> {
            ChannelStep { channel: &self.name, newest: self.newest.as_ref() }
        }

        fn take(&mut self, entry: Option<ChannelEntry>) -> bool {
            let Some(entry) = entry else { return false };
            let bytes = entry.to_bytes().unwrap();
            let kept = KeptChannelEntry::parse(&bytes).unwrap();
            assert_eq!(kept.entry, entry, "what is written is read back");
            assert!(
                kept.belongs(&self.name, self.newest.as_ref().map_or(1, |newest| newest.entry.number + 1))
            );
            assert_eq!(kept.entry.previous, self.newest.as_ref().map(|newest| newest.hash));
            self.newest = Some(kept);
            true
        }

        fn promote(&mut self, to: &Head, author: &str, second: i64) -> Result<bool, ChannelRefusal> {
            let entry = self.step().promote(to, &self.policy, by(author, second))?;
            Ok(self.take(entry))
        }

        fn shows(&self) -> String {
            let shows = self.newest.as_ref().and_then(|newest| newest.entry.state.shows.as_ref());
            shows.map(|pin| pin.stack.to_string()).unwrap_or_default()
        }
    }

    #[test]
    fn a_channel_that_was_checked_moves_only_from_where_it_was_then() {
        let mut live = Channel::new(0);
        let (old, new) = (sealed("123"), sealed("124"));
        live.promote(&old, "ada", 10).unwrap();
        let step = |from: Option<&Head>| {
            let from = from.map(Pin::of);
            live.step().promote_from(from.as_ref(), &new, &live.policy, by("ada", 11))
        };
        assert!(step(Some(&old)).unwrap().is_some());
        for from in [None, Some(&new)] {
            assert!(matches!(step(from), Err(ChannelRefusal::Moved { .. })));
        }
        live.promote(&new, "eve", 12).unwrap();
        let there = live.step().promote_from(None, &new, &live.policy, by("ada", 13));
        assert_eq!(there, Ok(None), "it is there");
    }

    #[test]
    fn a_channel_moves_forth_and_back_and_its_time_never_does() {
        let mut live = Channel::new(0);
        let (old, new) = (sealed("123"), sealed("124"));
        assert_eq!(live.promote(&old, "ada", 10), Ok(true));
        assert_eq!(live.promote(&old, "ada", 11), Ok(false), "it is there");
        assert_eq!(live.promote(&new, "ada", 12), Ok(true));
        assert_eq!(live.promote(&old, "ada", 5), Ok(true), "the clock went wrong");
        assert_eq!(live.shows(), "default/123");
        let newest = live.newest.unwrap().entry;
        assert_eq!((newest.number, newest.time.as_second()), (3, 12));
    }

    #[test]
    fn only_what_cannot_change_and_is_of_the_domain_is_shown() {
        let mut live = Channel::new(0);
        let stack: StackName = "124".parse().unwrap();
        let open = Head::from(&kept(Next::adopt(&stack, Content::default(), by("ada", 1))));
        assert_eq!(live.promote(&open, "ada", 3), Err(ChannelRefusal::Open { stack, revision: 1 }));
        assert!(matches!(live.promote(&sealed("shop/124"), "ada", 3), Err(ChannelRefusal::Foreign { .. })));
        assert_eq!(live.newest, None);
    }

    #[test]
    fn a_hold_stops_promotions_until_it_is_released() {
        let mut live = Channel::new(0);
        let entry = live.step().hold(by("eve", 10)).unwrap();
        assert!(live.take(entry));
        let refused = live.promote(&sealed("124"), "ada", 11).unwrap_err();
        assert_eq!(refused.to_string(), "channel default/live is held by eve: a test");
        let entry = live.step().release(by("ada", 12));
        assert!(live.take(entry));
        assert!(live.step().release(by("ada", 12)).is_none());
        assert_eq!(live.promote(&sealed("124"), "ada", 13), Ok(true));
        let silent = Attribution { reason: " ".to_owned(), ..by("eve", 14) };
        assert_eq!(live.step().hold(silent), Err(ChannelRefusal::NoReason));
    }

    #[test]
    fn approvals_are_of_people_and_of_one_revision() {
        let mut live = Channel::new(3);
        let (old, new) = (sealed("123"), sealed("124"));
        let said = [("ada@one", &new, true), ("ada@two", &new, false), ("eve", &old, true)];
        for (author, to, counts) in said {
            let entry = live.step().approve(to, by(author, 10)).unwrap();
            assert_eq!(live.take(entry), counts);
        }
        let refused = live.promote(&new, "bob", 11).unwrap_err().to_string();
        let expected =
            "channel default/live asks for 3 approvals of stack default/124, and has those of ada@one, bob";
        assert_eq!(refused, expected);
        assert!(
            live.promote(&new, "ada@three", 11).unwrap_err().to_string().ends_with("has those of ada@one")
        );
        let entry = live.step().approve(&new, by("eve", 12)).unwrap();
        assert!(live.take(entry));
        assert_eq!(live.promote(&new, "bob", 13), Ok(true));
        // What was said before counts no more.
        assert!(live.newest.as_ref().unwrap().entry.state.approvals.is_empty());
        assert!(live.promote(&old, "bob", 14).is_err());
    }
}
