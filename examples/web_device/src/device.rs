use core::{fmt, mem};

use pushotp::{
    Authenticator, Confirming, DeviceSetup, DeviceUpdate, Enrolling, Fetching, NotEnrolled, Protection, Rng,
    SoftwareKeys, Updating,
    pin::{Cost, Pin, PinPolicy},
    provision::enrolment,
    types::{TokenId, UnixTime},
    wire::terms::PushAddress,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use zeroize::Zeroizing;

use crate::{
    answer::{Answer, DeviceView, Outcome, TokenView, Told, Verdict},
    failure::Failure,
    logins::Logins,
    pins::{self, Pins},
    request::{Call, ChosenPin, Request},
    stored::Stored,
    text::{Bytes, Id, Secret},
};

/// One device, from its enrolment on; what a page calls.
///
/// ```
/// let mut device = web_device::WebDevice::new(pushotp::pin::Cost::RECOMMENDED);
/// assert_eq!(&*device.call(b"not a request"), br#"{"error":{"kind":"request"}}"#);
/// ```
pub struct WebDevice {
    cost: Cost,
    stored: Stored,
    stage: Stage,
}

enum Stage {
    Empty,
    Enrolling(Enrolling, Zeroizing<[u8; 80]>),
    Confirming(Confirming, Zeroizing<[u8; 80]>),
    Enrolled(Box<Enrolled>),
}

struct Enrolled {
    device: Authenticator,
    logins: Logins,
    pins: Pins,
    fetching: Option<Fetching>,
    updating: Option<Updating>,
}

impl WebDevice {
    /// One without an enrolment, and what a guess at a PIN shall cost in one that it makes.
    #[must_use]
    pub fn new(cost: Cost) -> Self {
        Self { cost, stored: Stored::default(), stage: Stage::Empty }
    }

    /// Does what a request asks for. Request and answer are JSON; README.md lists them.
    ///
    /// Where the answer has a `state`, it is to be stored durably **before** anything else of the answer is used: before
    /// the message is posted, before the passcode is shown.
    pub fn call(&mut self, request: &[u8]) -> Zeroizing<Vec<u8>> {
        let result = match serde_json::from_slice(request) {
            Ok(request) => self.answer(request),
            // It would say what stands in the request.
            Err(_) => Err(Failure::REQUEST),
        };
        let result = result.map_or_else(Outcome::Error, Outcome::Ok);
        let answer = Answer { state: self.stored.take(), result };
        // Texts and numbers can always be written.
        Zeroizing::new(serde_json::to_vec(&answer).unwrap_or_default())
    }

    fn answer(&mut self, Request { now, seed, call }: Request) -> Result<Told, Failure> {
        let seed: &[u8; 32] = seed.0.as_slice().try_into().map_err(|_| Failure::REQUEST)?;
        let (rng, now) = (&mut ChaCha20Rng::from_seed(*seed), UnixTime::from_secs(now));
        match call {
            Call::Load { state, keys } => self.load(&state, &keys),
            Call::Enrol { uri, name } => self.enrol(&uri, name, now, rng),
            Call::Enrolled { reply } => self.enrolled(&reply),
            Call::Confirm { pins } => self.confirm(&pins, rng),
            call => self.stage.enrolled()?.answer(call, now, rng),
        }
    }

    fn load(&mut self, state: &Bytes, keys: &Bytes) -> Result<Told, Failure> {
        let keys: &[u8; 80] = keys.0.as_slice().try_into().map_err(|_| Failure::REQUEST)?;
        let keys = SoftwareKeys::from_bytes(keys).into_device_keys();
        let device = Authenticator::load(&state.0, keys, self.stored.clone())?;
        Ok(Told::Device { device: self.begin(device) })
    }

    fn begin(&mut self, device: Authenticator) -> DeviceView {
        let view = DeviceView::from(&device);
        let (logins, pins) = (Logins::default(), Pins::new(self.cost));
        let enrolled = Enrolled { device, logins, pins, fetching: None, updating: None };
        self.stage = Stage::Enrolled(Box::new(enrolled));
        view
    }

    fn enrol(&mut self, uri: &Secret, name: String, now: UnixTime, rng: Rng<'_>) -> Result<Told, Failure> {
        let offer = enrolment::parse(&uri.0)?;
        let keys = SoftwareKeys::generate(rng);
        let exposed = Zeroizing::new(*keys.expose());
        let setup = DeviceSetup { name, push: PushAddress::POLL, keys: keys.into_device_keys() };
        let (message, enrolling) = Authenticator::enrol(&offer, setup, now, rng)?;
        self.stage = Stage::Enrolling(enrolling, exposed);
        Ok(Told::Enrol { message: message.into(), url: offer.url.clone() })
    }

    fn enrolled(&mut self, reply: &Bytes) -> Result<Told, Failure> {
        let Stage::Enrolling(enrolling, keys) = mem::replace(&mut self.stage, Stage::Empty) else {
            return Err(Failure::ORDER);
        };
        match enrolling.finish(&reply.0) {
            Ok(confirming) => {
                let (code, tokens) = (confirming.code().to_owned(), TokenView::all(&confirming.tokens()));
                self.stage = Stage::Confirming(confirming, keys);
                Ok(Told::Compare { code, tokens })
            }
            Err(NotEnrolled::Waiting { enrolling, error }) => {
                self.stage = Stage::Enrolling(*enrolling, keys);
                Err(error.into())
            }
            Err(_) => Err(Failure::REFUSED),
        }
    }

    fn confirm(&mut self, chosen: &[ChosenPin], rng: Rng<'_>) -> Result<Told, Failure> {
        let choose = |chosen: &ChosenPin| {
            let pin = Pin::choose(&chosen.pin.0, &PinPolicy::DEFAULT)?;
            Ok((TokenId::from_bytes(chosen.token.0), pin))
        };
        let pins: Vec<(TokenId, Pin)> = chosen.iter().map(choose).collect::<Result<_, Failure>>()?;
        let Stage::Confirming(confirming, keys) = mem::replace(&mut self.stage, Stage::Empty) else {
            return Err(Failure::ORDER);
        };
        let protection = Protection { pins: &pins, presence: &[], cost: self.cost };
        match confirming.confirm(&protection, self.stored.clone(), rng) {
            Ok(device) => Ok(Told::Enrolled { keys: keys.to_vec().into(), device: self.begin(device) }),
            Err(unconfirmed) => {
                self.stage = Stage::Confirming(*unconfirmed.confirming, keys);
                Err(unconfirmed.error.into())
            }
        }
    }
}

impl Stage {
    fn enrolled(&mut self) -> Result<&mut Enrolled, Failure> {
        if let Self::Enrolled(enrolled) = self { Ok(enrolled) } else { Err(Failure::ORDER) }
    }
}

impl Enrolled {
    fn answer(&mut self, call: Call, now: UnixTime, rng: Rng<'_>) -> Result<Told, Failure> {
        let Self { device, logins, pins, .. } = self;
        match call {
            Call::Fetch {} => {
                let (message, fetching) = device.fetch(now, rng)?;
                self.fetching = Some(fetching);
                Ok(Told::Message { message: message.into() })
            }
            Call::Fetched { reply } => self.fetched(&reply, now),
            Call::Approve { login, token, number, pin } => {
                let pin = entered(pin.as_ref())?;
                let approval = (login, TokenId::from_bytes(token.0), number.as_str(), pin.as_ref());
                logins.approve(device, approval, now, rng)
            }
            Call::Approved { login, reply } => logins.approved(device, (login, &reply.0), now),
            Call::Deny { login } => logins.deny(device, login, now, rng),
            Call::Denied { login, reply } => logins.denied(device, login, &reply.0, now),
            Call::Report { login } => logins.report(device, login, now, rng),
            Call::Reported { login, reply } => logins.reported(device, login, &reply.0, now),
            Call::Forget { login } => Ok(logins.forget(login)),
            Call::Passcode { token, pin } => {
                let pin = entered(pin.as_ref())?;
                let (code, until) = device.passcode(TokenId::from_bytes(token.0), pin.as_ref(), now)?;
                Ok(Told::Passcode { code: code.expose().to_owned(), until: until.as_secs() })
            }
            Call::Push { token, on } => self.push(token, on, now, rng),
            Call::Pushed { reply } => self.pushed(&reply, now),
            Call::Rotate { token, pin, new } => {
                let (token, old) = (TokenId::from_bytes(token.0), Pin::entered(&pin.0)?);
                pins.rotate(device, (token, &old, Pin::choose(&new.0, &PinPolicy::DEFAULT)?), now, rng)
            }
            Call::Rotated { reply } => pins.rotated(device, &reply.0, now, rng),
            Call::RotationConfirmed { reply } => pins.confirmed(device, &reply.0, now),
            Call::UnlockRequest { token } => pins::unlock_request(device, TokenId::from_bytes(token.0)),
            Call::Unlock { token, code } => pins::unlock(device, TokenId::from_bytes(token.0), &code),
            Call::Load { .. } | Call::Enrol { .. } | Call::Enrolled { .. } | Call::Confirm { .. } => {
                Err(Failure::ORDER)
            }
        }
    }

    fn fetched(&mut self, reply: &Bytes, now: UnixTime) -> Result<Told, Failure> {
        let fetching = self.fetching.as_ref().ok_or(Failure::ORDER)?;
        let list = self.device.fetched(fetching, &reply.0, now)?;
        self.fetching = None;
        // An item that cannot be opened is for nobody here: nothing is shown.
        Ok(self.logins.update(list.into_iter().flatten().collect(), now))
    }

    /// What is switched off here is shown no more from now on, whatever the server says.
    fn push(&mut self, token: Id, on: bool, now: UnixTime, rng: Rng<'_>) -> Result<Told, Failure> {
        let token = TokenId::from_bytes(token.0);
        if !on {
            self.device.set_push(token, false)?;
        }
        let (message, updating) = self.device.update(&DeviceUpdate::new().push(token, on), now, rng)?;
        self.updating = Some(updating);
        Ok(Told::Message { message: message.into() })
    }

    fn pushed(&mut self, reply: &Bytes, now: UnixTime) -> Result<Told, Failure> {
        let updating = self.updating.as_ref().ok_or(Failure::ORDER)?;
        let verdict = Verdict::from(self.device.updated(updating, &reply.0, now)?);
        self.updating = None;
        Ok(Told::Switched { verdict, device: DeviceView::from(&self.device) })
    }
}

fn entered(pin: Option<&Secret>) -> Result<Option<Pin>, Failure> {
    Ok(pin.map(|pin| Pin::entered(&pin.0)).transpose()?)
}

impl fmt::Debug for WebDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebDevice").field("cost", &self.cost).finish_non_exhaustive()
    }
}
