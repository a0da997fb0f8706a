//! What two devices, the login page and an administrator can do to one request.

use pushotp_types::UnixTime;
use pushotp_wire::{
    state::{Approval, Event, NumberVerdict},
    terms::{CancelReason, MessageHash},
};

use crate::fixture::*;

/// The last second for an answer, and one at which nothing may be answered or collected any more.
pub(crate) const TIMES: [UnixTime; 2] = [UnixTime::from_secs(EXPIRES), UnixTime::from_secs(EXPIRES + 61)];

/// A device may send any of its frames in any order: more than a user can do, so that no order is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Input {
    PhoneApproves,
    PhoneMistypes,
    PhoneDenies,
    PhoneReports,
    TabletApproves,
    TabletMistakesNumber,
    PageCloses,
    PageCollects,
}

impl Input {
    pub(crate) const ALL: [Self; 8] = [
        Self::PhoneApproves,
        Self::PhoneMistypes,
        Self::PhoneDenies,
        Self::PhoneReports,
        Self::TabletApproves,
        Self::TabletMistakesNumber,
        Self::PageCloses,
        Self::PageCollects,
    ];

    pub(crate) fn event(self) -> Event {
        match self {
            Self::PhoneApproves => approve(1),
            Self::PhoneMistypes => wrong_passcode(2),
            Self::PhoneDenies => Event::Deny(denial(3, PHONE)),
            Self::PhoneReports => Event::Report(denial(4, PHONE)),
            Self::TabletApproves => Event::Approve(Approval { device: TABLET, ..good(5) }),
            Self::TabletMistakesNumber => {
                Event::Approve(Approval { device: TABLET, number: NumberVerdict::Wrong, ..good(6) })
            }
            Self::PageCloses => Event::Cancel(CancelReason::PageClosed),
            Self::PageCollects => Event::Collect,
        }
    }

    /// The hash of the message, if it is one.
    pub(crate) fn hash(self) -> Option<MessageHash> {
        match self.event() {
            Event::Approve(approval) => Some(approval.rh),
            Event::Deny(denial) | Event::Report(denial) => Some(denial.rh),
            _ => None,
        }
    }
}
