//! What a server process is asked and what it answers: a line each.

use std::{fmt, str::FromStr};

use data_encoding::HEXLOWER_PERMISSIVE as HEX;
use pollster::block_on;
use pushotp::{
    AccountId, LoginRequest, LoginServer, LoginStart, PasscodeVerdict, Rng, ServerError, Ticket, store::StoreError,
    types::UnixTime,
};

/// One call of a method of [`LoginServer`]; the time is that of the round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `start_login` for an account.
    Start(String),
    /// `number` of a ticket.
    Number(Vec<u8>),
    /// `login_state` of a ticket.
    State(Vec<u8>),
    /// `redeem` of a ticket.
    Redeem(Vec<u8>),
    /// `receive` of a frame.
    Receive(Vec<u8>),
    /// `verify_passcode` for an account.
    Passcode(String, String),
}

/// What was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A login was started: its ticket and the sealed challenge of each device.
    Started(Vec<u8>, Vec<Vec<u8>>),
    /// The number on the page.
    Number(String),
    /// A login's state, as its `Debug` names it.
    State(String),
    /// The account may come in.
    Granted,
    /// Nothing to collect.
    NotGranted,
    /// The sealed reply to a frame.
    Reply(Vec<u8>),
    /// The constant reject.
    Rejected,
    /// The passcode was right.
    Accepted,
    /// It was right before.
    Replayed,
    /// It was wrong, and counted.
    Refused,
    /// No usable token is left.
    NoToken,
    /// Nothing was decided, and certainly nothing written.
    Failed(String),
    /// Nobody knows whether something was written: the user is to try again.
    Unknown,
}

impl Command {
    /// Does it, and says what was told.
    pub fn run(&self, server: &LoginServer, now: UnixTime, rng: Rng<'_>) -> Answer {
        let ticket = |bytes: &Vec<u8>| Ticket::from_bytes(bytes.clone());
        let told = match self {
            Self::Start(account) => start(server, account, now, rng),
            Self::Number(bytes) => server.number(&ticket(bytes)).map(Answer::Number),
            Self::State(bytes) => block_on(server.login_state(&ticket(bytes), now)).map(|state| {
                let state = format!("{state:?}");
                Answer::State(state.split(' ').next().unwrap_or_default().to_owned())
            }),
            Self::Redeem(bytes) => block_on(server.redeem(&ticket(bytes), now, rng))
                .map(|granted| if granted.is_some() { Answer::Granted } else { Answer::NotGranted }),
            Self::Receive(frame) => block_on(server.receive(frame, now, rng))
                .map(|received| received.into_reply().map_or(Answer::Rejected, Answer::Reply)),
            Self::Passcode(account, code) => passcode(server, account, code, (now, rng)),
        };
        told.unwrap_or_else(|error| match error {
            ServerError::Unknown | ServerError::Store(StoreError::Unknown(_)) => Answer::Unknown,
            error => Answer::Failed(format!("{error:?}").replace(char::is_whitespace, "_")),
        })
    }
}

fn start(server: &LoginServer, account: &str, now: UnixTime, rng: Rng<'_>) -> Result<Answer, ServerError> {
    let account = AccountId::new(account)?;
    Ok(match block_on(server.start_login(&account, &LoginRequest::new("Intranet"), now, rng))? {
        LoginStart::Started(login) => {
            let pushes = login.pushes.into_iter().map(|push| push.envelope).collect();
            Answer::Started(login.ticket.as_bytes().to_vec(), pushes)
        }
        LoginStart::NoToken => Answer::NoToken,
        other => Answer::Failed(format!("{other:?}").replace(char::is_whitespace, "_")),
    })
}

fn passcode(
    server: &LoginServer,
    account: &str,
    code: &str,
    (now, rng): (UnixTime, Rng<'_>),
) -> Result<Answer, ServerError> {
    Ok(match block_on(server.verify_passcode(&AccountId::new(account)?, code, now, rng))? {
        PasscodeVerdict::Accepted { .. } => Answer::Accepted,
        PasscodeVerdict::Replayed => Answer::Replayed,
        PasscodeVerdict::Refused => Answer::Refused,
        PasscodeVerdict::NoToken => Answer::NoToken,
        other => Answer::Failed(format!("{other:?}")),
    })
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(account) => write!(f, "start {account}"),
            Self::Number(ticket) => write!(f, "number {}", HEX.encode(ticket)),
            Self::State(ticket) => write!(f, "state {}", HEX.encode(ticket)),
            Self::Redeem(ticket) => write!(f, "redeem {}", HEX.encode(ticket)),
            Self::Receive(frame) => write!(f, "receive {}", HEX.encode(frame)),
            Self::Passcode(account, code) => write!(f, "passcode {account} {code}"),
        }
    }
}

/// A line that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoLine(String);

impl fmt::Display for NoLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a line of this protocol: {:?}", self.0)
    }
}

impl std::error::Error for NoLine {}

impl FromStr for Command {
    type Err = NoLine;

    fn from_str(line: &str) -> Result<Self, NoLine> {
        let words: Vec<&str> = line.split(' ').collect();
        let bytes = |hex: &str| HEX.decode(hex.as_bytes()).map_err(|_| NoLine(line.into()));
        Ok(match words[..] {
            ["start", account] => Self::Start(account.into()),
            ["number", ticket] => Self::Number(bytes(ticket)?),
            ["state", ticket] => Self::State(bytes(ticket)?),
            ["redeem", ticket] => Self::Redeem(bytes(ticket)?),
            ["receive", frame] => Self::Receive(bytes(frame)?),
            ["passcode", account, code] => Self::Passcode(account.into(), code.into()),
            _ => return Err(NoLine(line.into())),
        })
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started(ticket, pushes) => {
                write!(f, "started {}", HEX.encode(ticket))?;
                pushes.iter().try_for_each(|push| write!(f, " {}", HEX.encode(push)))
            }
            Self::Number(number) => write!(f, "number {number}"),
            Self::State(state) => write!(f, "state {state}"),
            Self::Granted => f.write_str("granted"),
            Self::NotGranted => f.write_str("not-granted"),
            Self::Reply(reply) => write!(f, "reply {}", HEX.encode(reply)),
            Self::Rejected => f.write_str("rejected"),
            Self::Accepted => f.write_str("accepted"),
            Self::Replayed => f.write_str("replayed"),
            Self::Refused => f.write_str("refused"),
            Self::NoToken => f.write_str("no-token"),
            Self::Failed(why) => write!(f, "failed {why}"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl FromStr for Answer {
    type Err = NoLine;

    fn from_str(line: &str) -> Result<Self, NoLine> {
        let words: Vec<&str> = line.split(' ').collect();
        let bytes = |hex: &str| HEX.decode(hex.as_bytes()).map_err(|_| NoLine(line.into()));
        Ok(match words[..] {
            ["started", ticket, ref pushes @ ..] => {
                Self::Started(bytes(ticket)?, pushes.iter().map(|push| bytes(push)).collect::<Result<_, _>>()?)
            }
            ["number", number] => Self::Number(number.into()),
            ["state", state] => Self::State(state.into()),
            ["granted"] => Self::Granted,
            ["not-granted"] => Self::NotGranted,
            ["reply", reply] => Self::Reply(bytes(reply)?),
            ["rejected"] => Self::Rejected,
            ["accepted"] => Self::Accepted,
            ["replayed"] => Self::Replayed,
            ["refused"] => Self::Refused,
            ["no-token"] => Self::NoToken,
            ["failed", why] => Self::Failed(why.into()),
            ["unknown"] => Self::Unknown,
            _ => return Err(NoLine(line.into())),
        })
    }
}
