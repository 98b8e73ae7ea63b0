//! Who is connected at one place. When it is full, room is made for who comes: of those who have the most connections, the one in which
//! nothing has gone on for longest is ended. What is asked is always answered.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::activity::Activity;
use crate::access::Peer;

/// How long one who was asked to leave has for it.
pub(super) const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// Those who are connected at one place.
pub(super) struct Guests {
    places: usize,
    room: Arc<Semaphore>,
    present: Mutex<Present>,
}

#[derive(Default)]
struct Present {
    last: u64,
    guests: BTreeMap<u64, Arc<Connected>>,
}

/// One connection.
struct Connected {
    from: Origin,
    activity: Activity,
    leave: Notify,
}

/// Whose connections are counted together: a user's, an address's, or those of the network that is given to one customer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    User(u32),
    Address(IpAddr),
}

/// One connection, which has its place until this is dropped.
pub(super) struct Guest {
    guests: Arc<Guests>,
    number: u64,
    connected: Arc<Connected>,
    _place: OwnedSemaphorePermit,
}

impl Guests {
    /// At a place with room for so many.
    pub(super) fn new(places: usize) -> Arc<Self> {
        Arc::new(Self { places, room: Arc::new(Semaphore::new(places)), present: Mutex::default() })
    }

    /// Waits until there is room for one who came, and makes it when nobody goes. None once the server is at its end.
    pub(super) async fn admit(self: &Arc<Self>, peer: &Peer) -> Option<Guest> {
        let from = Origin::of(peer);
        let place = loop {
            if let Ok(place) = Arc::clone(&self.room).try_acquire_owned() {
                break place;
            }
            self.make_room_for(from);
            let place = tokio::time::timeout(LEAVE_WITHIN, Arc::clone(&self.room).acquire_owned());
            if let Ok(place) = place.await {
                break place.ok()?;
            }
        };
        let connected = Arc::new(Connected { from, activity: Activity::new(), leave: Notify::new() });
        let mut present = self.present();
        present.last += 1;
        let number = present.last;
        present.guests.insert(number, Arc::clone(&connected));
        Some(Guest { guests: Arc::clone(self), number, connected, _place: place })
    }

    /// Returns when all have gone.
    pub(super) async fn gone(&self) {
        let _ = self.room.acquire_many(u32::try_from(self.places).unwrap_or(u32::MAX)).await;
    }

    /// Asks one to leave, unless something goes on in each connection. Whoever has more connections than others takes no place from them.
    fn make_room_for(&self, from: Origin) {
        let mut present = self.present();
        let mut counts: BTreeMap<Origin, usize> = BTreeMap::new();
        present.guests.values().for_each(|guest| *counts.entry(guest.from).or_default() += 1);
        let count = |from| counts.get(from).copied().unwrap_or_default();
        let quiet = present.guests.iter().filter_map(|(number, guest)| {
            let since = guest.activity.quiet_since()?;
            Some((count(&guest.from), std::cmp::Reverse(since), *number))
        });
        let Some((most, _, number)) = quiet.max() else { return };
        if most >= count(&from)
            && let Some(guest) = present.guests.remove(&number)
        {
            guest.leave.notify_one();
        }
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Origin {
    fn of(peer: &Peer) -> Self {
        match peer {
            Peer::User { uid, .. } => Self::User(*uid),
            Peer::Address(address) => Self::Address(match address.ip().to_canonical() {
                IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64))),
                ip => ip,
            }),
        }
    }
}

impl Guest {
    /// What goes on in the connection.
    pub(super) fn activity(&self) -> &Activity {
        &self.connected.activity
    }

    /// Returns when it is to leave, since others need its place.
    pub(super) async fn is_to_leave(&self) {
        self.connected.leave.notified().await;
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.guests.present().guests.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn peer(address: &str) -> Peer {
        Peer::Address(format!("{address}:4000").parse().unwrap())
    }

    async fn filled(addresses: &[&str]) -> (Arc<Guests>, Vec<Guest>) {
        let guests = Guests::new(addresses.len());
        let mut all = Vec::new();
        for address in addresses {
            all.push(guests.admit(&peer(address)).await.unwrap());
        }
        (guests, all)
    }

    /// Which of them were asked to leave since it was looked at last.
    fn leaving(all: &[Guest]) -> Vec<usize> {
        (0..all.len()).filter(|number| all[*number].is_to_leave().now_or_never().is_some()).collect()
    }

    #[tokio::test]
    async fn who_has_the_most_connections_makes_room_by_the_one_that_was_quiet_for_longest() {
        let (guests, mut all) =
            filled(&["192.0.2.1", "192.0.2.2", "192.0.2.2", "192.0.2.2", "192.0.2.3"]).await;
        // The oldest of them is at work.
        let busy = all[1].activity().begin();
        assert!(guests.admit(&peer("192.0.2.4")).now_or_never().is_none(), "it is full");
        assert_eq!(leaving(&all), [2]);
        all.remove(2);
        let next = guests.admit(&peer("192.0.2.4")).now_or_never().flatten();
        assert!(next.is_some(), "there is room");
        drop(busy);
    }

    #[tokio::test]
    async fn who_has_more_connections_than_others_takes_no_place_from_them() {
        let (guests, all) = filled(&["192.0.2.1", "192.0.2.2", "192.0.2.2"]).await;
        let _busy = [all[1].activity().begin(), all[2].activity().begin()];
        assert!(guests.admit(&peer("192.0.2.2")).now_or_never().is_none());
        assert_eq!(leaving(&all), Vec::<usize>::new());
        assert!(guests.admit(&peer("192.0.2.1")).now_or_never().is_none());
        assert_eq!(leaving(&all), [0], "its own");
    }

    #[tokio::test]
    async fn a_network_of_version_6_counts_as_one() {
        let (guests, all) = filled(&["192.0.2.1", "[2001:db8::1]", "[2001:db8::2]"]).await;
        assert!(guests.admit(&peer("192.0.2.4")).now_or_never().is_none());
        assert_eq!(leaving(&all), [1]);
    }
}
