//! What the pages ask of an account beyond a login. The operator's calls are all here.

use pushotp::{AccountId, AuditEvent, AuditKind, PushSwitch, TokenView, types::TokenId};

use crate::{
    app::{App, rng},
    failure::Failure,
};

/// An account as the operator sees it.
pub(crate) struct AccountView {
    pub(crate) name: String,
    pub(crate) tokens: Vec<TokenView>,
    /// The newest first.
    pub(crate) events: Vec<AuditEvent>,
}

impl App {
    /// All accounts, in the order of their names.
    pub(crate) async fn accounts(&self) -> Result<Vec<AccountView>, Failure> {
        let mut accounts = Vec::new();
        for name in self.entries.names("user/").await? {
            let account = AccountId::new(name.as_str())?;
            let mut events = self.login.audit(&account).await?;
            events.reverse();
            accounts.push(AccountView { name, tokens: self.login.tokens(&account).await?, events });
        }
        Ok(accounts)
    }

    /// Switches push on or off, as an operator: on lifts also what a report blocked.
    pub(crate) async fn set_push(&self, (account, token): (&AccountId, TokenId), on: bool) -> Result<(), Failure> {
        self.login.set_push((account, token), on, self.now(), &mut rng()).await?;
        self.wakes.wake(account);
        Ok(())
    }

    /// The same as the user: `false` if it is blocked, for that is an operator's to lift.
    pub(crate) async fn set_own_push(
        &self,
        (account, token): (&AccountId, TokenId),
        on: bool,
    ) -> Result<bool, Failure> {
        let tokens = self.login.tokens(account).await?;
        let Some(view) = tokens.iter().find(|view| view.id == token) else { return Ok(false) };
        // What was not changed must not be written: it would say that push was switched twice.
        match (view.push, on) {
            (PushSwitch::Blocked, _) => return Ok(false),
            (PushSwitch::On, true) | (PushSwitch::Off, false) => return Ok(true),
            _ => {}
        }
        self.set_push((account, token), on).await?;
        Ok(true)
    }

    /// Makes a token usable that too many failures disabled.
    pub(crate) async fn unlock(&self, (account, token): (&AccountId, TokenId)) -> Result<(), Failure> {
        self.login.unlock_token((account, token), self.now(), &mut rng()).await?;
        self.wakes.wake(account);
        Ok(())
    }
}

/// Whether an operator should see this at once.
pub(crate) const fn is_incident(kind: AuditKind) -> bool {
    matches!(
        kind,
        AuditKind::Denied
            | AuditKind::Reported
            | AuditKind::ReportedAfterApproval
            | AuditKind::PushBlocked
            | AuditKind::TokenDisabled
            | AuditKind::WrongNumber
            | AuditKind::TooManyPasscodes
            | AuditKind::PushThrottled
            | AuditKind::BadSignature
            | AuditKind::BadEnrolment
            | AuditKind::EnrolmentReused
            | AuditKind::EnrolmentRefused
            | AuditKind::SigningKeyInUse
            | AuditKind::Duress
    )
}
