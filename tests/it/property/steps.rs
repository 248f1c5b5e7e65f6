//! What can be done to a queue, and how the property test makes it up.

use proptest::prelude::*;

/// So few ids that they meet again and again.
const IDS: usize = 6;

/// A job to add.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) index: usize,
    pub(super) kind: Kind,
}

impl Entry {
    pub(super) fn id(&self) -> String {
        name(self.index)
    }
}

/// The id with this index.
pub(super) fn name(index: usize) -> String {
    format!("j{index}")
}

/// How a job is added.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Plain,
    Lifo,
    Prioritized(u8),
    Delayed,
    DelayedPrioritized(u8),
}

/// What becomes of a job that a worker has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    Complete,
    CompleteAndForget,
    Fail,
    FailAndForget,
    Retry,
    RetryFirst,
    RetryLater,
    Wait,
    Release,
}

/// Where [`Step::Clean`] cleans.
#[derive(Clone, Copy, Debug)]
pub(super) enum Room {
    Waiting,
    Prioritized,
    Delayed,
    Active,
    Completed,
    Failed,
}

/// One thing that somebody does. Indexes of held jobs are taken modulo their number.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Add(Vec<Entry>),
    Take(usize),
    /// `plain`: sent jobs are said to have nothing else to be looked after.
    Settle {
        which: Vec<(usize, Ending)>,
        want: usize,
        plain: bool,
    },
    /// A worker that is told to stop: everything goes back, the last taken first.
    GiveBack,
    LoseLock(usize),
    StalledPass,
    /// After a broken connection; the worker knows of every job it has but those with this remainder of three.
    Reclaim(usize),
    FallDue(usize),
    Promote(Vec<usize>),
    Retry {
        ids: Vec<usize>,
        from_failed: bool,
        keep_attempts: bool,
    },
    /// `first` is only for those that lose their priority: of several at the front of another line BullMQ's ids decide.
    Update {
        index: usize,
        priority: Option<u8>,
        first: bool,
        later: bool,
    },
    Remove(Vec<usize>),
    Clean(Room),
    Drain {
        delayed: bool,
    },
    Pause,
    Resume,
    LimitActive(Option<u32>),
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        4 => Just(Kind::Plain),
        1 => Just(Kind::Lifo),
        5 => (1_u8..3).prop_map(Kind::Prioritized),
        2 => Just(Kind::Delayed),
        1 => (1_u8..3).prop_map(Kind::DelayedPrioritized),
    ]
}

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![
        5 => Just(Ending::Complete),
        1 => Just(Ending::CompleteAndForget),
        3 => Just(Ending::Fail),
        1 => Just(Ending::FailAndForget),
        2 => Just(Ending::Retry),
        1 => Just(Ending::RetryFirst),
        1 => Just(Ending::RetryLater),
        1 => Just(Ending::Wait),
        5 => Just(Ending::Release),
    ]
}

fn ids() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..IDS, 1..4)
}

fn room() -> impl Strategy<Value = Room> {
    prop_oneof![
        Just(Room::Waiting),
        Just(Room::Prioritized),
        Just(Room::Delayed),
        Just(Room::Active),
        Just(Room::Completed),
        Just(Room::Failed)
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let entries = prop::collection::vec((0..IDS, kind()).prop_map(|(index, kind)| Entry { index, kind }), 1..5);
    let which = prop::collection::vec((any::<usize>(), ending()), 1..4);
    prop_oneof![
        8 => entries.prop_map(Step::Add),
        8 => (1_usize..5).prop_map(Step::Take),
        8 => (which, 0_usize..4, any::<bool>()).prop_map(|(which, want, plain)| Step::Settle { which, want, plain }),
        2 => Just(Step::GiveBack),
        3 => any::<usize>().prop_map(Step::LoseLock),
        3 => Just(Step::StalledPass),
        1 => (0_usize..3).prop_map(Step::Reclaim),
        3 => any::<usize>().prop_map(Step::FallDue),
        2 => ids().prop_map(Step::Promote),
        3 => (ids(), any::<bool>(), any::<bool>())
            .prop_map(|(ids, from_failed, keep_attempts)| Step::Retry { ids, from_failed, keep_attempts }),
        3 => (0..IDS, prop::option::weighted(0.8, 0_u8..3), any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(index, priority, first, later)| Step::Update { index, priority, first: first && priority == Some(0), later }),
        2 => ids().prop_map(Step::Remove),
        1 => room().prop_map(Step::Clean),
        1 => any::<bool>().prop_map(|delayed| Step::Drain { delayed }),
        1 => Just(Step::Pause),
        2 => Just(Step::Resume),
        1 => prop::option::of(1_u32..4).prop_map(Step::LimitActive),
    ]
}

/// Some thirty steps; fewer when a failure is made smaller.
pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..80)
}
