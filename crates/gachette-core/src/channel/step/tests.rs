//! Channels, driven step by step.

use proptest::prelude::*;

use super::super::entry::CHANNEL_FORMAT;
use super::*;
use crate::stack::{By, Content, Entry, FormatError, Next, StackName};

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
    /// All that its ledger says of checks.
    noted: NotedChecks,
}

impl Channel {
    fn new(approvals: usize) -> Self {
        let name = Suite::from("live".parse::<StackName>().unwrap());
        Self {
            name,
            newest: None,
            policy: ChannelPolicy { approvals, ..ChannelPolicy::default() },
            noted: NotedChecks::default(),
        }
    }

    fn step(&self) -> ChannelStep<'_> {
        ChannelStep { channel: &self.name, newest: self.newest.as_ref(), noted: &self.noted }
    }

    fn take(&mut self, entry: Option<ChannelEntry>) -> bool {
        let Some(entry) = entry else { return false };
        let bytes = entry.to_bytes().unwrap();
        let kept = KeptChannelEntry::parse(&bytes).unwrap();
        assert_eq!(kept.entry, entry, "what is written is read back");
        assert!(kept.belongs(&self.name, self.newest.as_ref().map_or(1, |newest| newest.entry.number + 1)));
        assert_eq!(kept.entry.previous, self.newest.as_ref().map(|newest| newest.hash));
        let before = self.newest.as_ref().map(|newest| &*newest.entry.state.checks).unwrap_or_default();
        assert_eq!(kept.entry.checks_behind(before), kept.entry.state.checks);
        self.noted.checks.extend(kept.entry.noted());
        self.newest = Some(kept);
        true
    }

    fn promote(&mut self, to: &Head, author: &str, second: i64) -> Result<bool, ChannelRefusal> {
        let entry = self.step().promote(to, &self.policy, by(author, second))?;
        Ok(self.take(entry))
    }

    /// Notes what checks said: those with a `!` before them failed.
    fn note(&mut self, of: &Head, results: &[&str], author: &str, second: i64) -> bool {
        let result = |text: &&str| match text.strip_prefix('!') {
            Some(failed) => (failed.parse().unwrap(), CheckOutcome::Failed),
            None => (text.parse().unwrap(), CheckOutcome::Passed),
        };
        let results = results.iter().map(result).collect();
        let entry = self.step().note(of, &results, by(author, second)).unwrap();
        self.take(entry)
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
        let leaving = Leaving { from: from.as_ref(), both_ways: true };
        live.step().promote_from(leaving, &new, &live.policy, by("ada", 11))
    };
    let moved = step(Some(&old)).unwrap().unwrap();
    assert_eq!(
        (moved.format, &moved.change),
        (3, &ChannelChange::Promote { to: Pin::of(&new), both_ways: true })
    );
    assert_eq!(KeptChannelEntry::parse(&moved.to_bytes().unwrap()).unwrap().entry, moved);
    for from in [None, Some(&new)] {
        assert!(matches!(step(from), Err(ChannelRefusal::Moved { .. })));
    }
    live.promote(&new, "eve", 12).unwrap();
    let leaving = Leaving { from: None, both_ways: false };
    let there = live.step().promote_from(leaving, &new, &live.policy, by("ada", 13));
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

/// A channel that asks for these checks.
fn asking(checks: &[&str]) -> Channel {
    let mut channel = Channel::new(0);
    channel.policy.required_checks = checks.iter().map(|check| check.parse().unwrap()).collect();
    channel
}

#[test]
fn a_channel_moves_once_all_checks_that_it_asks_for_passed() {
    let mut live = asking(&["smoke-tests", "qa"]);
    let (old, new) = (sealed("123"), sealed("124"));
    live.note(&new, &["smoke-tests"], "ci", 10);
    live.note(&old, &["qa"], "eve", 11);
    let refused = live.promote(&new, "ada", 12).unwrap_err().to_string();
    assert_eq!(refused, "channel default/live asks for what stack default/124 did not pass: qa");
    live.note(&new, &["qa", "extra"], "eve", 13);
    assert_eq!(live.promote(&new, "ada", 14), Ok(true));
    // What passed stays passed, so the way back is open; what it shows says nothing of others.
    live.note(&old, &["smoke-tests"], "ci", 15);
    assert_eq!(live.promote(&old, "ada", 16), Ok(true));
    let known = |live: &Channel| live.newest.as_ref().unwrap().entry.state.checks.len();
    assert_eq!(known(&live), 1, "of what was noted before the last promotion");
    assert_eq!(live.promote(&new, "ada", 17), Ok(true));
    assert_eq!(known(&live), 0);
}

#[test]
fn the_newest_word_of_a_check_counts() {
    let mut live = asking(&["qa", "smoke-tests"]);
    let new = sealed("124");
    assert!(live.note(&new, &["smoke-tests", "qa"], "ci", 10));
    assert!(!live.note(&new, &["qa"], "ci", 11), "that is known");
    assert!(live.note(&new, &["qa"], "eve", 11), "somebody else says so too");
    assert!(live.note(&new, &["!smoke-tests"], "eve@two", 12));
    let refused = live.promote(&new, "ada", 13).unwrap_err();
    let expected = "channel default/live asks for what stack default/124 did not pass: \
                    smoke-tests (failed at 1970-01-01T00:00:12Z, as eve@two said: a test)";
    assert_eq!(refused.to_string(), expected);
    assert!(live.note(&new, &["smoke-tests"], "ci", 14));
    assert_eq!(live.promote(&new, "ada", 15), Ok(true));
    // What it shows may fail later; then it is not returned to.
    assert!(live.note(&new, &["!qa"], "eve", 16));
    let entry = live.step().promote(&sealed("123"), &ChannelPolicy::default(), by("ada", 17)).unwrap();
    assert!(live.take(entry));
    assert!(matches!(live.promote(&new, "ada", 18), Err(ChannelRefusal::Unpassed(_))));
}

#[test]
fn what_could_still_change_passes_no_check() {
    let live = asking(&["qa"]);
    let stack: StackName = "124".parse().unwrap();
    let open = Head::from(&kept(Next::adopt(&stack, Content::default(), by("ada", 1))));
    let refused = live.step().note(&open, &BTreeMap::new(), by("ada", 3)).unwrap_err();
    assert_eq!(refused, ChannelRefusal::Open { stack, revision: 1 });
}

#[test]
fn all_that_stands_in_the_way_is_told_at_once() {
    let mut live = asking(&["qa"]);
    live.policy.approvals = 3;
    let (new, hold) = (sealed("124"), live.step().hold(by("eve", 9)).unwrap());
    live.take(hold);
    let Err(ChannelRefusal::Several(several)) = live.promote(&new, "ada", 10) else { panic!() };
    assert!(matches!(
        several[..],
        [ChannelRefusal::Held { .. }, ChannelRefusal::Unapproved(_), ChannelRefusal::Unpassed(_)]
    ));
    assert_eq!(ChannelRefusal::Several(several).to_string().lines().count(), 3);
    let open = Head { sealed: false, ..new.clone() };
    assert_eq!(live.step().obstacles(&open, &live.policy, None).len(), 4);
    let release = live.step().release(by("eve", 11));
    live.take(release);
    live.note(&new, &["qa"], "ci", 12);
    assert!(
        matches!(live.promote(&new, "ada", 13), Err(ChannelRefusal::Unapproved(_))),
        "one is told as it is"
    );
    for author in ["ada@a", "ada@b", "eve"] {
        let approval = live.step().approve(&new, by(author, 14)).unwrap();
        live.take(approval);
    }
    // Somebody else moves it; one of these does not.
    assert_eq!(live.step().obstacles(&new, &live.policy, None), []);
    assert_eq!(live.step().obstacles(&new, &live.policy, Some("eve@b")).len(), 1);
    assert_eq!(live.promote(&new, "bob", 15), Ok(true));
    assert_eq!(live.step().obstacles(&new, &live.policy, Some("eve")), [], "it is there");
}

#[test]
fn noise_pushes_nothing_out_of_sight_that_was_said_of_what_is_shown() {
    let mut live = asking(&["qa"]);
    let (old, new) = (sealed("123"), sealed("124"));
    live.note(&old, &["qa"], "ci", 9);
    live.promote(&old, "ada", 10).unwrap();
    live.note(&old, &["!qa", "scan"], "ci", 11);
    for run in 0..100 {
        assert!(live.note(&new, &[&format!("check-{run}")], "ci", 12 + run));
    }
    let newest = &live.newest.as_ref().unwrap().entry;
    let of_old = newest.state.checks.iter().filter(|it| it.pin == Pin::of(&old)).count();
    assert_eq!((newest.state.checks.len(), of_old), (64, 2));
    // So was it once, and ledgers of then are sound.
    let before = newest.state.checks[..].to_vec();
    let mut older = live
        .step()
        .note(&new, &[("x".parse().unwrap(), CheckOutcome::Passed)].into(), by("ci", 200))
        .unwrap()
        .unwrap();
    older.state.checks = before[1..].iter().cloned().chain(older.noted()).collect();
    assert!(older.follows_in_checks(&before));
    older.state.checks.pop();
    assert!(!older.follows_in_checks(&before));
}

#[test]
fn only_entries_that_know_of_checks_need_the_newer_format() {
    let mut live = asking(&[]);
    let (old, new) = (sealed("123"), sealed("124"));
    let mut formats = Vec::new();
    let mut written = |live: &Channel| formats.push(live.newest.as_ref().unwrap().entry.format);
    live.promote(&old, "ada", 10).unwrap();
    written(&live);
    live.note(&new, &["qa"], "ci", 11);
    written(&live);
    let entry = live.step().approve(&new, by("ada", 12)).unwrap();
    live.take(entry);
    written(&live);
    live.promote(&new, "ada", 13).unwrap();
    written(&live);
    live.promote(&old, "ada", 14).unwrap();
    written(&live);
    assert_eq!(formats, [1, 2, 2, 2, 1]);
    let newer = live.newest.unwrap().entry;
    let newer = ChannelEntry { format: CHANNEL_FORMAT + 1, ..newer }.to_bytes().unwrap();
    assert!(matches!(KeptChannelEntry::parse(&newer), Err(FormatError::Newer { found: 4, newest: 3 })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_channel_shows_only_what_passed_by_the_newest_word_of_each_check(
        steps in prop::collection::vec((0..4usize, 0..3usize, 0..3usize, any::<bool>()), 1..150)
    ) {
        let names: Vec<CheckName> = ["a", "b", "c"].map(|name| name.parse().unwrap()).into();
        let stacks = ["1", "2", "3"].map(sealed);
        let mut live = asking(&["a", "b"]);
        let mut said = BTreeMap::new();
        for (second, (kind, stack, check, passed)) in (10..).zip(steps) {
            if kind == 0 {
                let is_there = live.shows() == stacks[stack].stack.to_string();
                let may = is_there || (0..2).all(|check| said.get(&(stack, check)) == Some(&true));
                prop_assert_eq!(live.promote(&stacks[stack], "ada", second).is_ok(), may);
            } else {
                let name = names[check].to_string();
                let result = if passed { name } else { format!("!{name}") };
                live.note(&stacks[stack], &[&result], &format!("ci{kind}"), second);
                said.insert((stack, check), passed);
            }
            let Some(newest) = &live.newest else { continue };
            for known in &newest.entry.state.checks {
                let stack = stacks.iter().position(|it| Pin::of(it) == known.pin).unwrap();
                let check = names.iter().position(|it| *it == known.check).unwrap();
                prop_assert_eq!(known.outcome == CheckOutcome::Passed, said[&(stack, check)]);
            }
        }
    }
}
