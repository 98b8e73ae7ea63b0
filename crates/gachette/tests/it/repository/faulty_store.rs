//! A store in memory that fails, lets others go first, and dies, all by a seed.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// What another writer does in the middle of our operation.
type Rival = Box<dyn FnMut() + Send>;

/// Passes everything on to a store in memory, save what its dice make of it.
pub(super) struct FaultyStore {
    inner: Arc<InMemory>,
    state: Mutex<State>,
}

struct State {
    dice: u64,
    /// How many operations until the process is dead.
    life: u64,
    /// How many operations there were.
    count: u64,
    /// How many of a hundred operations fail.
    faults: u64,
    rival: Option<Rival>,
}

/// What becomes of one operation.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Done,
    /// It fails, and nothing happened.
    FailsBefore,
    /// It happened, and looks failed.
    FailsAfter,
    /// It happened, was sent again on the way, and looks as if another had done it.
    Repeated,
}

impl FaultyStore {
    pub(super) fn new(inner: Arc<InMemory>, seed: u64, faults: u64, life: u64, rival: Option<Rival>) -> Self {
        let dice = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self { inner, state: Mutex::new(State { dice, life, count: 0, faults, rival }) }
    }

    /// How many operations there were so far.
    pub(super) fn count(&self) -> u64 {
        self.state.lock().unwrap().count
    }

    fn fate(&self) -> Fate {
        let mut state = self.state.lock().unwrap();
        state.count += 1;
        state.dice = state.dice.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let (roll, way) = ((state.dice >> 33) % 100, (state.dice >> 20) % 4);
        if way == 3
            && let Some(mut rival) = state.rival.take()
        {
            // On a thread of its own, since an executor does not like to be entered twice.
            std::thread::scope(|scope| scope.spawn(&mut rival).join().unwrap());
            state.rival = Some(rival);
        }
        let dying = state.life == 1;
        state.life = state.life.saturating_sub(1);
        match way {
            _ if state.life == 0 && !dying => Fate::FailsBefore,
            0 if dying => Fate::FailsBefore,
            _ if dying => Fate::FailsAfter,
            _ if roll >= state.faults => Fate::Done,
            0 => Fate::FailsBefore,
            1 => Fate::FailsAfter,
            _ => Fate::Repeated,
        }
    }
}

fn failure() -> Error {
    Error::Generic { store: "faulty", source: "as the dice fell".into() }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let fate = self.fate();
        if fate == Fate::FailsBefore {
            return Err(failure());
        }
        let outcome = self.inner.put_opts(path, payload.clone(), options.clone()).await;
        match fate {
            Fate::FailsAfter => Err(failure()),
            Fate::Repeated => self.inner.put_opts(path, payload, options).await,
            _ => outcome,
        }
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Err(failure())
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        if self.fate() == Fate::Done { self.inner.get_opts(path, options).await } else { Err(failure()) }
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        match self.fate() {
            Fate::FailsBefore => paths.map(|_| Err(failure())).boxed(),
            Fate::FailsAfter => self.inner.delete_stream(paths).map(|_| Err(failure())).boxed(),
            _ => self.inner.delete_stream(paths),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        if self.fate() == Fate::Done { self.inner.list_with_delimiter(prefix).await } else { Err(failure()) }
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

impl fmt::Debug for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FaultyStore")
    }
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FaultyStore")
    }
}
