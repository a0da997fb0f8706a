//! The connections of a store, and what becomes of one after an operation.

use std::{cell::RefCell, future::Future, time::Duration};

use pushotp_store::Cas;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;

use crate::{
    OpenError, Options, PostgresError,
    error::Failure,
    session::{Connector, Session, Write},
};

/// After so much idleness a connection is tried before it is used: the server may have been started anew.
const FRESH: Duration = Duration::from_secs(1);

pub(crate) struct Pool {
    connector: Connector,
    options: Options,
    /// The last one in is the first one out, so those that are not needed become old.
    idle: RefCell<Vec<Session>>,
}

impl Pool {
    /// With one connection, which shows that the server is what it should be.
    pub(crate) async fn open(connector: Connector, options: Options) -> Result<Self, OpenError> {
        let pool = Self { connector, options, idle: RefCell::default() };
        let first = pool.connect().await?;
        pool.idle.borrow_mut().push(first);
        Ok(pool)
    }

    pub(crate) async fn put_if(&self, write: &Write) -> Result<Cas, Failure> {
        let session = self.take().await.map_err(Failure::not_sent)?;
        let outcome = self.bounded(session.put_if(write)).await;
        self.put_back(session, outcome.as_ref().err());
        outcome
    }

    /// Once more if the connection was lost: a read may be repeated.
    pub(crate) async fn read<T>(&self, read: impl AsyncFn(&Session) -> Result<T, Failure>) -> Result<T, Failure> {
        match self.read_once(&read).await {
            Err(Failure { error: PostgresError::Connection(_) | PostgresError::Server(_), is_certain: false }) => {
                self.read_once(&read).await
            }
            outcome => outcome,
        }
    }

    async fn read_once<T>(&self, read: impl AsyncFn(&Session) -> Result<T, Failure>) -> Result<T, Failure> {
        let session = self.take().await.map_err(Failure::not_sent)?;
        let outcome = self.bounded(read(&session)).await;
        self.put_back(session, outcome.as_ref().err());
        outcome
    }

    /// The server ends a statement by itself, and sooner; but the connection may be lost without a sign.
    async fn bounded<T>(&self, statement: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let ended = timeout(self.options.timeout * 2, statement).await;
        ended.unwrap_or(Err(Failure::unknown(PostgresError::TimedOut)))
    }

    async fn take(&self) -> Result<Session, PostgresError> {
        while let Some(session) = self.pop() {
            if session.is_closed() {
                continue;
            }
            if session.used.elapsed() < FRESH || timeout(self.options.timeout, session.is_alive()).await == Ok(true) {
                return Ok(session);
            }
        }
        self.connect().await.map_err(|error| match error {
            OpenError::Connect(error) => error,
            other => PostgresError::Refused(Box::new(other)),
        })
    }

    fn pop(&self) -> Option<Session> {
        self.idle.borrow_mut().pop()
    }

    async fn connect(&self) -> Result<Session, OpenError> {
        let ended = timeout(self.options.timeout, Session::open(&self.connector, &self.options)).await;
        ended.unwrap_or(Err(OpenError::Connect(PostgresError::TimedOut)))
    }

    /// A connection on which an answer may still come is cut, and those that lie idle are not trusted any more.
    fn put_back(&self, mut session: Session, failure: Option<&Failure>) {
        let is_good = failure.is_none_or(|failure| match &failure.error {
            PostgresError::Malformed(_) => true,
            // Where this server has become a standby, another one is looked for.
            PostgresError::Server(code) => failure.is_certain && *code != SqlState::READ_ONLY_SQL_TRANSACTION,
            _ => false,
        });
        if is_good {
            session.used = std::time::Instant::now();
            self.idle.borrow_mut().push(session);
        } else {
            self.idle.borrow_mut().clear();
        }
    }

    /// Says goodbye to the server.
    pub(crate) async fn close(&self) {
        while let Some(session) = self.pop() {
            let _ = timeout(self.options.timeout, session.close()).await;
        }
    }
}
