//! A few threads that run the same function in step: a crew that waits for work, and a team at work,
//! with barriers and a shared counter of tasks.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

/// Turns of a loop before a thread that waits lets others run.
const SPINS: u32 = 4000;

pub struct Team {
    pub size: usize,
    arrived: AtomicUsize,
    round: AtomicUsize,
    next: AtomicUsize,
}

impl Team {
    fn new(size: usize) -> Self {
        let zero = || AtomicUsize::new(0);
        Team { size, arrived: zero(), round: zero(), next: zero() }
    }

    /// Waits for all; also restarts the counter of tasks.
    pub fn barrier(&self) {
        if self.size == 1 {
            self.next.store(0, Relaxed);
            return;
        }
        let round = self.round.load(Acquire);
        if self.arrived.fetch_add(1, AcqRel) + 1 == self.size {
            self.arrived.store(0, Relaxed);
            self.next.store(0, Relaxed);
            self.round.store(round + 1, Release);
            return;
        }
        let mut spins = 0;
        while self.round.load(Acquire) == round {
            spins += 1;
            if spins < SPINS {
                std::hint::spin_loop()
            } else {
                std::thread::yield_now()
            }
        }
    }

    /// The next task's number, to be compared with the count of tasks.
    pub fn task(&self) -> usize {
        self.next.fetch_add(1, Relaxed)
    }

    /// This member's share of 0..count.
    pub fn share(&self, me: usize, count: usize) -> std::ops::Range<usize> {
        me * count / self.size..(me + 1) * count / self.size
    }
}

type Work<'a> = &'a (dyn Fn(&Team, usize) + Sync);

/// What the crew does now. The reference is valid until every member has counted itself as done.
struct Order {
    number: usize,
    work: Option<Work<'static>>,
    team: Arc<Team>,
}

struct Shared {
    order: Mutex<Order>,
    ordered: Condvar,
    /// Number of the latest order, for members that look without the lock.
    latest: AtomicUsize,
    done: AtomicUsize,
    ends: AtomicBool,
}

/// The caller and `size - 1` further threads, which end with it.
pub struct Crew {
    shared: Arc<Shared>,
    members: Vec<JoinHandle<()>>,
}

impl Crew {
    pub fn new(size: usize) -> Self {
        let team = Arc::new(Team::new(size.max(1)));
        let shared = Arc::new(Shared {
            order: Mutex::new(Order { number: 0, work: None, team }),
            ordered: Condvar::new(),
            latest: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            ends: AtomicBool::new(false),
        });
        let members = (1..size)
            .map(|me| {
                let shared = shared.clone();
                std::thread::spawn(move || serve(&shared, me))
            })
            .collect();
        Crew { shared, members }
    }

    pub fn size(&self) -> usize {
        self.members.len() + 1
    }

    /// Runs `work` once on every thread and waits for all.
    pub fn run(&mut self, work: impl Fn(&Team, usize) + Sync) {
        let team = self.shared.order.lock().unwrap().team.clone();
        if self.members.is_empty() {
            work(&team, 0);
            return;
        }
        let work: Work<'_> = &work;
        // SAFETY: only the lifetime changes. No member keeps the reference beyond its count in `done`,
        // for which this function waits, whatever happens in `work` on this thread: a panic aborts.
        let lasting: Work<'static> = unsafe { std::mem::transmute(work) };
        let guard = AbortOnPanic;
        self.shared.done.store(0, Release);
        {
            let mut order = self.shared.order.lock().unwrap();
            order.number += 1;
            order.work = Some(lasting);
            self.shared.latest.store(order.number, Release);
        }
        self.shared.ordered.notify_all();
        work(&team, 0);
        let mut spins = 0;
        while self.shared.done.load(Acquire) < self.members.len() {
            spins += 1;
            if spins < SPINS {
                std::hint::spin_loop()
            } else {
                std::thread::yield_now()
            }
        }
        self.shared.order.lock().unwrap().work = None;
        std::mem::forget(guard);
    }
}

/// A member that fails leaves the others at a barrier for ever, so the process ends instead.
struct AbortOnPanic;
impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        std::process::abort()
    }
}

fn serve(shared: &Shared, me: usize) {
    let mut seen = 0;
    loop {
        let mut spins = 0;
        while shared.latest.load(Acquire) == seen && spins < SPINS {
            std::hint::spin_loop();
            spins += 1;
        }
        let mut order = shared.order.lock().unwrap();
        while order.number == seen && !shared.ends.load(Acquire) {
            order = shared.ordered.wait(order).unwrap();
        }
        if shared.ends.load(Acquire) {
            return;
        }
        seen = order.number;
        let (work, team) = (order.work.unwrap(), order.team.clone());
        drop(order);
        let guard = AbortOnPanic;
        work(&team, me);
        std::mem::forget(guard);
        shared.done.fetch_add(1, AcqRel);
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        {
            let _order = self.shared.order.lock().unwrap();
            self.shared.ends.store(true, Release);
        }
        self.shared.ordered.notify_all();
        for member in self.members.drain(..) {
            let _ = member.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_works_once_an_order_and_waits_at_barriers() {
        for size in [1, 2, 5] {
            let mut crew = Crew::new(size);
            assert_eq!(crew.size(), size);
            let (before, after) = (AtomicUsize::new(0), AtomicUsize::new(0));
            for round in 1..=50 {
                crew.run(|team, me| {
                    assert!(me < team.size);
                    before.fetch_add(1, SeqCst);
                    team.barrier();
                    assert_eq!(before.load(SeqCst), round * size);
                    after.fetch_add(1, SeqCst);
                });
                assert_eq!(after.load(SeqCst), round * size);
            }
        }
    }

    #[test]
    fn tasks_and_shares_cover_everything_once() {
        let mut crew = Crew::new(3);
        let tasks: Vec<AtomicUsize> = (0..10).map(|_| AtomicUsize::new(0)).collect();
        let shares: Vec<AtomicUsize> = (0..10).map(|_| AtomicUsize::new(0)).collect();
        crew.run(|team, me| {
            team.barrier();
            loop {
                let task = team.task();
                if task >= tasks.len() {
                    break;
                }
                tasks[task].fetch_add(1, SeqCst);
            }
            for i in team.share(me, shares.len()) {
                shares[i].fetch_add(1, SeqCst);
            }
        });
        for count in tasks.iter().chain(&shares) {
            assert_eq!(count.load(SeqCst), 1);
        }
    }
}
