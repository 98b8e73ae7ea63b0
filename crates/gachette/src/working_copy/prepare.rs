//! Decides whether a working copy can be refreshed or must be cloned, and does it so that nothing is lost.

use super::checkout::{Checkout, State, is_somebodys};
use super::fetch::{Found, Wanted};
use super::place::Place;
use super::{Event, Reason, WorkingCopyError};

/// Refreshes what is there, or clones; says whether it cloned.
pub(super) fn prepare(
    checkout: &mut Checkout<'_>,
    place: &Place,
    wanted: Wanted<'_>,
) -> Result<(Found, bool), WorkingCopyError> {
    let why = match place.state()? {
        State::Foreign => return Err(WorkingCopyError::Foreign { path: place.path.clone() }),
        State::Unfinished if is_somebodys(&place.path, checkout.url.as_str()) => {
            return Err(WorkingCopyError::Foreign { path: place.path.clone() });
        }
        State::Absent => Reason::New,
        State::Unfinished => Reason::Unfinished,
        State::Ready { url } if url != checkout.url.as_str() => Reason::UrlChanged { from: url },
        State::Ready { .. } => match bring(checkout, wanted) {
            Err(error) if error.may_be_local() => Reason::Damaged { why: error.to_string() },
            result => {
                let found = result?;
                if found.fetched {
                    checkout.maintain()?;
                }
                return Ok((found, false));
            }
        },
    };
    (checkout.on_event)(Event::Cloning { url: checkout.url.clone(), why });
    checkout.path = place.beside("new");
    place.remove_leftovers()?;
    let found = checkout.initialise(wanted.digits()).and_then(|()| bring(checkout, wanted));
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            // What is half made helps nobody; the error that says why is worth more than one from tidying.
            let _ = place.remove_leftovers();
            return Err(error);
        }
    };
    place.settle(&checkout.path)?;
    checkout.path.clone_from(&place.path);
    Ok((found, true))
}

fn bring(checkout: &mut Checkout<'_>, wanted: Wanted<'_>) -> Result<Found, WorkingCopyError> {
    let found = checkout.find(wanted)?;
    checkout.check_out(&found.commit)?;
    Ok(found)
}
