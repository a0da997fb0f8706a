//! Clients that ask one after the other, each as soon as it is answered.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};
use tokio::{
    runtime::Builder,
    task::{JoinSet, yield_now},
};

/// What a client does.
pub(crate) trait Work: Send + Sync + 'static {
    /// One turn of one client; `None` if it has no more.
    fn turn(&self, client: usize, turn: u32) -> impl Future<Output = Option<()>> + Send;
}

/// How it went.
pub(crate) struct Run {
    /// How long each turn took, in order.
    times: Vec<Duration>,
    took: Duration,
    cpu: Duration,
}

/// Runs `work` for so long with so many clients, on as many threads as there are cores.
pub(crate) fn run(clients: usize, limit: Duration, work: impl Work) -> Run {
    let runtime = Builder::new_multi_thread().build().unwrap();
    let (work, cpu, start) = (Arc::new(work), cpu_time(), Instant::now());
    let mut times = runtime.block_on(async {
        let mut all = JoinSet::new();
        for client in 0..clients {
            all.spawn(ask(Arc::clone(&work), client, start + limit));
        }
        all.join_all().await.concat()
    });
    let (took, cpu) = (start.elapsed(), cpu_time().saturating_sub(cpu));
    times.sort_unstable();
    Run { times, took, cpu }
}

async fn ask(work: Arc<impl Work>, client: usize, until: Instant) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut last = Instant::now();
    for turn in 0.. {
        if work.turn(client, turn).await.is_none() {
            break;
        }
        let now = Instant::now();
        times.push(now - last);
        if now >= until {
            break;
        }
        last = now;
        // A store that never waits would serve one client to its end before the next.
        yield_now().await;
    }
    times
}

impl Run {
    pub(crate) fn count(&self) -> usize {
        self.times.len()
    }

    pub(crate) fn per_second(&self) -> f64 {
        count(self.count()) / self.took.as_secs_f64()
    }

    /// Turns for each of so many.
    pub(crate) fn per(&self, number: u64) -> f64 {
        count(self.count()) / count(usize::try_from(number).unwrap())
    }

    /// Of all threads of this process, microseconds for each turn.
    pub(crate) fn cpu(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / count(self.count())
    }

    /// The time, in microseconds, that so many of a hundred turns stayed below.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let place = self.count() * percent / 100;
        self.times.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
    }
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

fn cpu_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap()
}
