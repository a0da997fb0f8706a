//! An offer that was made and is not wanted any more.

use pushotp_types::{EnrolmentId, UnixTime};

use crate::server::{
    AccountId, AuditKind, LoginServer, Rng, ServerError,
    record::{Enrolment, Id, Record},
    trace,
    vault::Change,
};

impl LoginServer {
    /// Withdraws an offer that no device has answered: nobody can use it from then on, and another may take its place.
    ///
    /// Of a withdrawal and an answer that arrive together one wins: either the device is refused, or this is, and the
    /// codes are to be compared.
    ///
    /// # Errors
    /// [`ServerError::EnrolmentAnswered`] once a device has answered, which changes nothing: the codes are compared, and
    /// [`confirm_enrolment`](Self::confirm_enrolment) can still say no; [`ServerError::NoEnrolment`] for an offer that is
    /// unknown or over; or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{NewToken, ServerError};
    ///
    /// let mut world = World::new(); // a server with one user
    /// block_on(world.server.add_token(&world.user, NewToken::new("VPN"), NOW, &mut world.rng))?;
    /// let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng))?;
    ///
    /// let enrolment = (&world.user, offer.enrolment);
    /// block_on(world.server.withdraw_enrolment(enrolment, NOW, &mut world.rng))?; // "Cancel" on the page
    /// let code = block_on(world.server.confirmation_code(offer.enrolment));
    /// assert!(matches!(code, Err(ServerError::NoEnrolment)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn withdraw_enrolment(
        &self,
        (account, enrolment): (&AccountId, EnrolmentId),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<(), ServerError> {
        let span = trace::span!("withdraw_enrolment").account(self, account);
        let happened = Self::happened(now, rng);
        let id = Id::new(*enrolment.as_bytes());
        let decide = |record: &mut Record| {
            let is_it = |e: &&Enrolment| e.id == id && e.expires >= now.as_secs();
            let offered = record.enrolments.iter().find(is_it).ok_or(ServerError::NoEnrolment)?;
            if !offered.opened.is_empty() {
                return Err(ServerError::EnrolmentAnswered);
            }
            record.enrolments.retain(|other| other.id != id);
            happened.log(record, AuditKind::EnrolmentWithdrawn, None);
            Ok(Change::Write(()))
        };
        let event = async {
            self.vault.update(account, happened.attempt, decide).await?;
            // Decided and written: what cannot be removed now refers to nothing.
            let _ = self.vault.remove(("offer", &enrolment.to_string())).await;
            Ok(())
        };
        span.trace(event).await
    }
}
