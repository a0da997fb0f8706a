//! The one thread of a store that writes: what waits is committed together, so a slow disk is shared, not queued for.

use std::sync::{Arc, mpsc::Receiver};

use futures_channel::oneshot;
use pushotp_store::{BoxError, Cas, Expect, Hint, Key, StoreError, Version};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::{SqliteError, error::Shared};

/// How many writes may wait; the next one is refused.
pub(crate) const QUEUE: usize = 1024;

/// How many writes one commit takes.
const BATCH: usize = 512;

pub(crate) type Reply = Result<Cas, StoreError>;

/// One conditional write, and who waits for its outcome.
pub(crate) struct Job {
    pub(crate) key: Key,
    pub(crate) expect: Expect,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) hint: Hint,
    pub(crate) reply: oneshot::Sender<Reply>,
}

/// Writes until the store is dropped and the queue empty.
pub(crate) fn run(mut connection: Connection, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        batch.extend(jobs.try_iter().take(BATCH - 1));
        let outcomes = write(&mut connection, &batch);
        answer(batch, outcomes);
    }
}

/// Whether a batch failed before its commit was tried or in it.
enum Failure {
    NotApplied(BoxError),
    Unknown(BoxError),
}

fn write(connection: &mut Connection, batch: &[Job]) -> Result<Vec<Cas>, Failure> {
    let (transaction, outcomes) = apply_all(connection, batch).map_err(Failure::NotApplied)?;
    match transaction.commit() {
        Ok(()) => Ok(outcomes),
        Err(error) => Err(Failure::Unknown(error.into())),
    }
}

/// The first error ends the batch and rolls all of it back: it is the engine's, for a lost swap is none.
fn apply_all<'a>(connection: &'a mut Connection, batch: &[Job]) -> Result<(Transaction<'a>, Vec<Cas>), BoxError> {
    if !connection.is_autocommit() {
        // An earlier roll-back failed. Its transaction must never be committed by this one.
        connection.execute_batch("ROLLBACK")?;
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let drawn: i64 = transaction.prepare_cached("SELECT last_version FROM counter")?.query_row([], |row| row.get(0))?;
    let (mut last, mut outcomes) = (drawn, Vec::with_capacity(batch.len()));
    for job in batch {
        let next = last.checked_add(1).ok_or(SqliteError::Exhausted)?;
        if apply(&transaction, job, next)? {
            outcomes.push(Cas::Won(Version::from_u64(next.unsigned_abs())));
            last = next;
        } else {
            outcomes.push(Cas::Lost);
        }
    }
    if last != drawn {
        transaction.prepare_cached("UPDATE counter SET last_version = ?1")?.execute([last])?;
    }
    Ok((transaction, outcomes))
}

/// One statement that does nothing unless the expected version is there: whether it did something.
fn apply(transaction: &Transaction<'_>, job: &Job, version: i64) -> rusqlite::Result<bool> {
    let key = job.key.as_bytes();
    let expires = job.hint.expires().map(|time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    let expected = match job.expect {
        Expect::Absent => None,
        Expect::Version(expected) => match i64::try_from(expected.as_u64()) {
            Ok(expected) => Some(expected),
            // The counter never gets there.
            Err(_) => return Ok(false),
        },
    };
    let changed = match (expected, &job.value) {
        (None, Some(value)) => transaction
            .prepare_cached(
                "INSERT INTO record (key, version, value, expires) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key) DO NOTHING",
            )?
            .execute(params![key, version, value, expires])?,
        (Some(expected), Some(value)) => transaction
            .prepare_cached("UPDATE record SET version = ?2, value = ?3, expires = ?4 WHERE key = ?1 AND version = ?5")?
            .execute(params![key, version, value, expires, expected])?,
        (Some(expected), None) => transaction
            .prepare_cached("DELETE FROM record WHERE key = ?1 AND version = ?2")?
            .execute(params![key, expected])?,
        (None, None) => {
            usize::from(!transaction.prepare_cached("SELECT 1 FROM record WHERE key = ?1")?.exists([key])?)
        }
    };
    Ok(changed == 1)
}

/// Tells everybody, after the commit and never before. Who does not wait any more is passed over.
fn answer(batch: Vec<Job>, outcomes: Result<Vec<Cas>, Failure>) {
    match outcomes {
        Ok(outcomes) => {
            for (job, outcome) in batch.into_iter().zip(outcomes) {
                let _ = job.reply.send(Ok(outcome));
            }
        }
        Err(Failure::NotApplied(error)) => refuse(batch, error, StoreError::NotApplied),
        Err(Failure::Unknown(error)) => refuse(batch, error, StoreError::Unknown),
    }
}

fn refuse(batch: Vec<Job>, error: BoxError, kind: fn(BoxError) -> StoreError) {
    // One error, many who are told of it.
    let error = Shared(Arc::new(error));
    for job in batch {
        let _ = job.reply.send(Err(kind(Box::new(error.clone()))));
    }
}
