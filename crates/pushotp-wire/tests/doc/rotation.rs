// What the examples of a rotation start from; the documentation includes it.

include!("../device/fixture.rs");

use pushotp_types::Secret;
use pushotp_wire::{
    message::{Rotate, Ticket},
    rotate::{Granted, Granting, Rotated, Rotating, RotationRequest},
    terms::Generation,
};

impl World {
    pub(crate) fn secret() -> Secret {
        Secret::new(&[7; 32]).unwrap()
    }

    pub(crate) fn request(&mut self) -> RotationRequest {
        RotationRequest::new(&self.device, TOKEN, Generation::FIRST, &mut self.rng).unwrap()
    }

    /// What was sent, as the server has it, and what waits for the ticket.
    pub(crate) fn ask(&mut self) -> (Rotate, MessageHash, Rotating) {
        let request = self.request();
        let (frame, waiting) = self.send(|device, sending| request.send(&code(), device, sending)).unwrap();
        match self.receive(&frame) {
            (FromDevice::Rotate(rotate), about) => (rotate, about, waiting),
            (other, _) => panic!("{other:?}"),
        }
    }

    pub(crate) fn grant(&mut self, rotate: &Rotate, about: MessageHash) -> Granted {
        let secret = Self::secret();
        let granting = Granting { binding: self.device.binding(), keys: self.device.keys(), secret: &secret };
        rotate.grant(about, &granting, at(NOW), &mut self.rng).unwrap()
    }

    /// What waits for the ticket, and the ticket.
    pub(crate) fn ticket(&mut self) -> (Rotating, Ticket) {
        let (rotate, about, waiting) = self.ask();
        let granted = self.grant(&rotate, about);
        match self.device.open(&granted.ticket, at(NOW)).unwrap() {
            Incoming::Ticket(ticket) => (waiting, ticket),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn rotated(&mut self) -> Rotated {
        let (waiting, ticket) = self.ticket();
        waiting.finish(&ticket, &Self::secret(), &self.device).unwrap()
    }
}
