//! The one thread of a store, with a runtime of its own: who asks may wait on any executor, or go away.

use std::{rc::Rc, sync::Arc, thread, time::Instant};

use pushotp_store::{Cas, Key, Versioned};
use tokio::{
    runtime::Builder,
    sync::{Semaphore, mpsc, oneshot},
    task::{LocalSet, spawn_local},
    time::timeout_at,
};

use crate::{
    OpenError, Options, PostgresError, PostgresStore,
    error::Failure,
    pool::Pool,
    session::{Connector, Write},
};

/// How many operations may wait for a connection; the next one is refused.
const QUEUE: usize = 1024;

type Reply<T> = oneshot::Sender<Result<T, Failure>>;

/// One operation, and who waits for its outcome.
pub(crate) enum Ask {
    Get(Key, Reply<Option<Versioned>>),
    GetMany(Vec<Key>, Reply<Vec<Option<Versioned>>>),
    Scan(Option<Key>, u32, Reply<Vec<(Key, Versioned)>>),
    Write(Write, Reply<Cas>),
}

pub(crate) struct Job {
    pub(crate) ask: Ask,
    pub(crate) since: Instant,
}

/// The thread ends when the store is dropped and what it has begun is at its end.
pub(crate) async fn start(options: Options, connector: Connector) -> Result<PostgresStore, OpenError> {
    let (jobs, queue) = mpsc::channel(QUEUE);
    let (ready, opened) = oneshot::channel();
    let runtime = Builder::new_current_thread().enable_all().build().map_err(OpenError::Thread)?;
    thread::Builder::new()
        .name("pushotp-pgsql".into())
        .spawn(move || LocalSet::new().block_on(&runtime, run(options, connector, queue, ready)))
        .map_err(OpenError::Thread)?;
    opened.await.unwrap_or(Err(OpenError::Engine(PostgresError::Stopped)))?;
    Ok(PostgresStore { jobs })
}

async fn run(
    options: Options,
    connector: Connector,
    queue: mpsc::Receiver<Job>,
    ready: oneshot::Sender<Result<(), OpenError>>,
) {
    match Pool::open(connector, options.clone()).await {
        Ok(pool) => {
            let _ = ready.send(Ok(()));
            serve(Rc::new(pool), &options, queue).await;
        }
        Err(error) => {
            let _ = ready.send(Err(error));
        }
    }
}

async fn serve(pool: Rc<Pool>, options: &Options, mut queue: mpsc::Receiver<Job>) {
    let free = Arc::new(Semaphore::new(options.connections.into()));
    while let Some(job) = queue.recv().await {
        let deadline = job.since + options.timeout;
        match timeout_at(deadline.into(), Arc::clone(&free).acquire_owned()).await {
            Ok(Ok(permit)) => {
                let pool = Rc::clone(&pool);
                spawn_local(async move {
                    job.ask.serve(&pool).await;
                    drop(permit);
                });
            }
            _ => job.ask.refuse(PostgresError::Busy),
        }
    }
    let _ = free.acquire_many(options.connections.into()).await;
    pool.close().await;
}

impl Ask {
    /// Who does not wait any more is passed over: nothing was sent for him yet.
    async fn serve(self, pool: &Pool) {
        match self {
            Self::Get(key, reply) if !reply.is_closed() => {
                let _ = reply.send(pool.read(async |session| session.get(&key).await).await);
            }
            Self::GetMany(keys, reply) if !reply.is_closed() => {
                let _ = reply.send(pool.read(async |session| session.get_many(&keys).await).await);
            }
            Self::Scan(after, limit, reply) if !reply.is_closed() => {
                let _ = reply.send(pool.read(async |session| session.scan(after.as_ref(), limit).await).await);
            }
            Self::Write(write, reply) if !reply.is_closed() => {
                let _ = reply.send(pool.put_if(&write).await);
            }
            _ => {}
        }
    }

    fn refuse(self, error: PostgresError) {
        let failure = Failure::not_sent(error);
        match self {
            Self::Get(_, reply) => drop(reply.send(Err(failure))),
            Self::GetMany(_, reply) => drop(reply.send(Err(failure))),
            Self::Scan(_, _, reply) => drop(reply.send(Err(failure))),
            Self::Write(_, reply) => drop(reply.send(Err(failure))),
        }
    }
}
