//! Channels, driven step by step.

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
        assert!(kept.belongs(&self.name, self.newest.as_ref().map_or(1, |newest| newest.entry.number + 1)));
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
    assert!(live.promote(&new, "ada@three", 11).unwrap_err().to_string().ends_with("has those of ada@one"));
    let entry = live.step().approve(&new, by("eve", 12)).unwrap();
    assert!(live.take(entry));
    assert_eq!(live.promote(&new, "bob", 13), Ok(true));
    // What was said before counts no more.
    assert!(live.newest.as_ref().unwrap().entry.state.approvals.is_empty());
    assert!(live.promote(&old, "bob", 14).is_err());
}
