//! `gachette promote`

use std::collections::BTreeMap;

use clap::{ArgGroup, Args};
use gachette::operation::{
    ChannelChanged, ChannelOrder, Obstacle, ObstacleKind, OutlookRequest, PromotionOutlook, SuiteSignature,
};
use gachette_core::apt::Suite;
use gachette_core::channel::{CheckName, CheckOutcome, LackingCheck};
use gachette_core::stack::LowerPackage;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{Output, checks_text, lower_text, unneeded_force, verdict_text};
use crate::session::Session;

/// Move a channel, such as `live`, to a sealed stack; back to an earlier one works the same way
///
/// The channel's APT suite shows the stack from then on, in one step; `gachette publish CHANNEL` prints what goes into a
/// `.sources` file to follow it. Everything that was ever done with a channel is in
/// `gachette channel log CHANNEL`.
#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("wish").args(["approve", "hold", "release"]))]
#[command(group = ArgGroup::new("results").args(["passed", "failed"]).multiple(true).conflicts_with("wish"))]
pub(crate) struct PromoteArgs {
    /// The stack, NAME or DOMAIN/NAME
    #[arg(required_unless_present_any = ["hold", "release"], conflicts_with_all = ["hold", "release"])]
    stack: Option<String>,
    /// The channel, NAME or DOMAIN/NAME
    #[arg(long, value_name = "CHANNEL")]
    to: String,
    /// Do not move it: note that you agree to move it there
    #[arg(long)]
    approve: bool,
    /// Do not move it: note that these checks passed for the stack, such as `smoke-tests`; `-m` says where that can be seen
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    passed: Vec<CheckName>,
    /// Do not move it: note that these checks failed for the stack, whatever was noted before
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    failed: Vec<CheckName>,
    /// Let nothing be promoted from now on, for this reason
    #[arg(long, value_name = "REASON")]
    hold: Option<String>,
    /// Let promotions go on
    #[arg(long)]
    release: bool,
    /// Do not sign the suite: clients have to be told to trust it
    #[arg(long, conflicts_with_all = ["wish", "results"])]
    unsigned: bool,
    /// Do not move it: tell whether it could be moved, and all that stands in the way; the exit code is 5 when something does
    #[arg(long, conflicts_with_all = ["wish", "results", "force"])]
    dry_run: bool,
    /// Move it although the channel asks for a check that fails or is lacking, for this reason
    #[arg(long, value_name = "REASON", conflicts_with_all = ["wish", "results"])]
    force: Option<String>,
    /// Why, for the channel's log
    #[arg(short = 'm', long, default_value = "", conflicts_with = "hold")]
    reason: String,
}

impl PromoteArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let channel = session.channel(&self.to)?;
        let signature = if self.unsigned { SuiteSignature::Unsigned } else { SuiteSignature::Signed };
        let stack = self.stack.map(|stack| session.stack_ref(&stack)).transpose()?;
        if let Some(stack) = stack.clone().filter(|_| self.dry_run) {
            return outlook(session, &channel, &OutlookRequest { stack, signature }).await;
        }
        let results = results(self.passed, self.failed)?;
        let order = match stack {
            Some(stack) if self.approve => ChannelOrder::Approve { stack },
            Some(stack) if !results.is_empty() => ChannelOrder::Check { stack, results },
            Some(stack) => ChannelOrder::Promote { stack, signature, force: self.force.clone() },
            None if self.release => ChannelOrder::Release {},
            None => ChannelOrder::Hold {},
        };
        let forced = self.force.is_some();
        let reason = self.hold.unwrap_or(self.reason);
        let errand = Errand::parts(
            doing(&channel, &order),
            format!(
                "it is done or it is not, as `gachette channel log {channel}` shows; the same command again finishes it"
            ),
        );
        let changed = session.client(&errand).await?.change_channel(&channel, order.clone(), &reason).await?;
        let warnings = changed.published.iter().flat_map(|published| &published.warnings);
        warnings.for_each(|warning| session.output.warn(warning));
        if changed.changed && changed.newest.number == 1 {
            session.output.note(&format!("  {channel} is a new channel"));
        }
        if let Some(near) = &changed.near {
            session.output.warn(&format!("{channel} was made by that; did you mean `{near}`?"));
        }
        warn_of_lower(&session.output, &channel, &changed.lower);
        if let Some(check) = &changed.check {
            session.output.note(&format!("  {}", verdict_text(check)));
        }
        warn_of_unasked(&session.output, &channel, &changed);
        if forced && !changed.lacking.is_empty() {
            session.output.note(&format!("  forced: not passed: {}", names(&changed.lacking)));
        } else if forced {
            unneeded_force(&session.output, changed.check.as_ref());
        }
        session.output.result(&changed, |changed| text(&channel, &order, changed))
    }
}

/// Tells whether a channel could be moved, and all that stands in the way.
async fn outlook(session: &Session, channel: &Suite, asked: &OutlookRequest) -> Result<(), Failure> {
    let errand = Errand::look(format!("ask whether channel {channel} can be moved to {}", asked.stack));
    let outlook = session.client(&errand).await?.outlook(channel, asked).await?;
    let text = |outlook: &PromotionOutlook| {
        let PromotionOutlook { channel, stack, shows, .. } = outlook;
        match shows {
            _ if !outlook.possible => {
                obstacles_text(&format!("{channel} cannot be moved to {stack} now:"), &outlook.obstacles)
            }
            Some(shows) if shows == stack => format!("{channel} shows {stack} already"),
            Some(shows) => format!("{channel} can be moved from {shows} to {stack}"),
            None => format!("{channel} can be moved to {stack}"),
        }
    };
    if outlook.new {
        session.output.note(&format!("  {channel} would be a new channel"));
    }
    if let Some(near) = &outlook.near {
        session.output.warn(&format!("there is no channel {channel} yet; did you mean `{near}`?"));
    }
    warn_of_lower(&session.output, channel, &outlook.lower);
    if outlook.possible {
        if let Some(check) = &outlook.check {
            session.output.note(&format!("  {}", verdict_text(check)));
        }
        return session.output.result(&outlook, text);
    }
    let number = outlook.obstacles.len();
    let failure = Failure::refused(match number {
        1 => "one thing stands in the way".to_owned(),
        _ => format!("{number} things stand in the way"),
    });
    Err(session.output.failed_result(&outlook, text, failure))
}

/// What stands in the way, each with what to do about it.
fn obstacles_text(head: &str, obstacles: &[Obstacle]) -> String {
    let each = obstacles.iter().flat_map(|obstacle| {
        let lines = obstacle.lines.iter().map(|line| format!("    {line}"));
        let hint = obstacle.hint.iter().map(|hint| format!("  hint: {hint}"));
        [format!("- {}", obstacle.reason)].into_iter().chain(lines).chain(hint)
    });
    let yields = obstacles.iter().all(|obstacle| obstacle.yields_to_force);
    let by_force = yields.then(|| "hint: `--force REASON` moves the channel all the same".to_owned());
    [head.to_owned()].into_iter().chain(each).chain(by_force).collect::<Vec<_>>().join("\n")
}

/// Warns of packages that hosts take only with a pin.
fn warn_of_lower(output: &Output, channel: &Suite, lower: &[LowerPackage]) {
    if !lower.is_empty() {
        let lower = lower_text(lower, &format!("what hosts of {channel} have"));
        output.warn(&format!(
            "{lower}; hosts take them only with a pin, three lines in /etc/apt/preferences.d: `Package: *`, \
             `Pin: release n={channel}`, `Pin-Priority: 1001` (docs/publishing.md)"
        ));
    }
}

/// What each check said.
fn results(
    passed: Vec<CheckName>,
    failed: Vec<CheckName>,
) -> Result<BTreeMap<CheckName, CheckOutcome>, Failure> {
    if let Some(both) = passed.iter().find(|check| failed.contains(check)) {
        return Err(Failure::usage(format!("{both} cannot have passed and failed")));
    }
    let passed = passed.into_iter().map(|check| (check, CheckOutcome::Passed));
    Ok(passed.chain(failed.into_iter().map(|check| (check, CheckOutcome::Failed))).collect())
}

/// Says which checks were noted that the channel does not ask for.
fn warn_of_unasked(output: &Output, channel: &Suite, changed: &ChannelChanged) {
    for unasked in &changed.unasked {
        let near = unasked.near.as_ref().map(|near| format!("; did you mean `{near}`?"));
        let near = near.unwrap_or_default();
        output.warn(&format!("{channel} asks for no check `{}`{near}", unasked.check));
    }
}

fn names(lacking: &[LackingCheck]) -> String {
    lacking.iter().map(|it| it.check.as_str()).collect::<Vec<_>>().join(", ")
}

fn doing(channel: &Suite, order: &ChannelOrder) -> String {
    match order {
        ChannelOrder::Promote { stack, .. } => format!("move channel {channel} to {stack}"),
        ChannelOrder::Approve { stack } => format!("approve {stack} for channel {channel}"),
        ChannelOrder::Check { stack, .. } => format!("note checks of {stack} for channel {channel}"),
        ChannelOrder::Hold {} => format!("hold channel {channel}"),
        ChannelOrder::Release {} => format!("release channel {channel}"),
    }
}

fn text(channel: &Suite, order: &ChannelOrder, changed: &ChannelChanged) -> String {
    let state = &changed.newest.state;
    let (stack, already) = match (&state.shows, changed.changed) {
        (Some(pin), true) => (pin.stack.at(pin.revision).to_string(), ""),
        (Some(pin), false) => (pin.stack.at(pin.revision).to_string(), " already"),
        (None, _) => ("nothing".to_owned(), ""),
    };
    match order {
        ChannelOrder::Promote { .. } => format!("{channel} shows {stack}{already}"),
        ChannelOrder::Approve { stack } => {
            let by = match &changed.approvals {
                Some(approvals) => approvals.by.iter().map(String::as_str).collect(),
                None => state.approvals.iter().map(|approval| approval.author.as_str()).collect::<Vec<_>>(),
            };
            let by = by.join(", ");
            // Whoever moves it is the last of those who have to agree.
            let last = changed.approvals.as_ref().is_some_and(|it| it.by.len() < it.needed);
            match &*changed.obstacles {
                [] if last => {
                    format!("{channel} may be moved to {stack} by anybody else, by the word of {by}")
                }
                [] => format!("{channel} may be moved to {stack}, by the word of {by}"),
                obstacles => {
                    let head = format!("{stack} is approved for {channel} by {by}; in the way stands still:");
                    obstacles_text(&head, obstacles)
                }
            }
        }
        ChannelOrder::Check { stack, results } => {
            let said = checks_text(results.iter().map(|(check, outcome)| (check, *outcome)));
            let names = names(&changed.lacking);
            let rest = match &*names {
                "" => format!("all that {channel} asks for passed"),
                names => format!("{channel} asks for what it did not pass: {names}"),
            };
            let head = format!("{said} for {stack}; {rest}");
            let others = changed.obstacles.iter().filter(|it| it.kind != ObstacleKind::Checks);
            let others: Vec<Obstacle> = others.cloned().collect();
            match others.is_empty() {
                true => head,
                false => obstacles_text(&format!("{head}; in the way stands still:"), &others),
            }
        }
        ChannelOrder::Hold {} => format!("{channel} is held; it shows {stack}"),
        ChannelOrder::Release {} => format!("{channel} may be moved again; it shows {stack}"),
    }
}
