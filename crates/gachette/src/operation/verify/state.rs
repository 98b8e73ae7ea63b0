//! Whether what a suite shows is the newest there is: an old state that is played again has true signatures.

use gachette_core::apt::Release;
use gachette_core::channel::ChannelEntry;
use gachette_core::debian::Paragraph;
use gachette_core::stack::{Content, Entry};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use super::Subject;
use super::indices::Indices;
use super::link::{LinkKind, Linked};
use crate::operation::OperationError;
use crate::repository::Repository;

/// Compares what is listed with the revision that is to be shown, and looks whether clients believe it still.
pub(super) fn check(
    repository: &Repository,
    subject: &Subject,
    release: Option<&str>,
    indices: Option<&Indices>,
    now: Timestamp,
    linked: &mut Linked,
) -> Result<(), OperationError> {
    let revision = &subject.entry.revision;
    let wanted = format!("{} revision {}", revision.stack, revision.number);
    let mut faults = Vec::new();
    match indices {
        None => faults.push("what it lists cannot be known".to_owned()),
        Some(indices) if indices.content.hash() == revision.content => {}
        Some(indices) => faults.push(other_than(repository, subject, &indices.content, &wanted)?),
    }
    let suite = subject.channel.clone().unwrap_or_else(|| revision.stack.clone().into());
    if release.is_some_and(|text| Release::suite_of(text).as_deref() != Some(&*suite.to_string())) {
        faults.push(format!("it does not say that it is {suite}: another suite lies in its place"));
    }
    if let Some(until) = release.and_then(valid_until).filter(|until| *until <= now) {
        faults.push(format!("it was valid until {until}, so clients refuse it; publish it again"));
    }
    linked.put(LinkKind::State, wanted, faults);
    Ok(())
}

/// What the suite shows in place of what it should.
fn other_than(
    repository: &Repository,
    subject: &Subject,
    content: &Content,
    wanted: &str,
) -> Result<String, OperationError> {
    const WHY: &str = "an old state was played again, or nothing was published since";
    let stack = &subject.entry.revision.stack;
    let hash = content.hash();
    let log = subject.channel.as_ref().map(|channel| repository.entries_of(channel)).transpose()?;
    let is_it = |entry: &ChannelEntry| entry.state.shows.as_ref().is_some_and(|pin| pin.content == hash);
    let mut earlier = log.into_iter().flatten().filter(|entry| entry.as_ref().map_or(true, is_it));
    if let Some(entry) = earlier.next().transpose()? {
        let shown = entry.state.shows.map(|pin| pin.stack.at(pin.revision).to_string()).unwrap_or_default();
        return Ok(format!("it shows {shown}, as it did on {}, and not {wanted}: {WHY}", entry.time));
    }
    let older = repository.log_stack(stack, None)?.found.into_iter().find(|it| it.revision.content == hash);
    if let Some(Entry { revision, .. }) = older {
        return Ok(format!(
            "it shows revision {} of {}, and not {wanted}: {WHY}",
            revision.number, revision.time
        ));
    }
    Ok(format!(
        "what it lists is in no revision of {stack}: it is an old state of a channel, or a revision was removed"
    ))
}

fn valid_until(release: &str) -> Option<Timestamp> {
    let paragraph = Paragraph::parse(release).ok()?;
    let text = paragraph.get("Valid-Until")?.replace("UTC", "GMT");
    Some(DateTimeParser::new().parse_zoned(&text).ok()?.timestamp())
}
