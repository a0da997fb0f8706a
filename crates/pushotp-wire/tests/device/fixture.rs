use pushotp_types::{Code, DeviceId, Digits, Epoch, TenantId, TokenId, UnixTime};
use pushotp_wire::{
    device::{Approval, Device, HeldToken, Incoming, Opened, Sending, Shown},
    envelope,
    frame::{Frame, Recipient},
    keys::{Binding, ChannelKeys, ServerKey},
    message::{Challenge, ChallengeParts, Context, FromDevice, Payload, Reply, ResultMessage, Sent},
    signer::{DeviceSigner, Ed25519Signer},
    state::{self, Denial, Event, NumberVerdict, PasscodeVerdict, Request, TokenStanding},
    terms::{ChallengeId, ChallengePolicy, MessageHash, NumberMode, OtpSpec, Status, TokenPolicy, UserVerification},
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const TOKEN: TokenId = TokenId::from_bytes([7; 16]);
pub(crate) const OTHER_TOKEN: TokenId = TokenId::from_bytes([8; 16]);
pub(crate) const NUMBER: &str = "482913";

pub(crate) fn at(secs: u64) -> UnixTime {
    UnixTime::from_secs(secs)
}

pub(crate) fn code() -> Code {
    Code::from_value(64_727_617, Digits::EIGHT)
}

pub(crate) fn tenant() -> TenantId {
    TenantId::new(b"example.com").unwrap()
}

pub(crate) fn keys(first: u8) -> ChannelKeys {
    ChannelKeys::from_exposed(&std::array::from_fn(|n| first.wrapping_add(u8::try_from(n).unwrap()))).unwrap()
}

pub(crate) fn held(id: TokenId, policy: TokenPolicy) -> HeldToken {
    HeldToken { id, policy, push: true }
}

/// A typical challenge, two minutes from now.
pub(crate) fn parts() -> ChallengeParts {
    ChallengeParts {
        id: ChallengeId::from_bytes([1; 16]),
        tokens: vec![TOKEN, OTHER_TOKEN],
        issued: at(NOW),
        expires: at(NOW + 120),
        nonce: [3; 32],
        policy: ChallengePolicy::VERIFY_USER | ChallengePolicy::TYPE_NUMBER | ChallengePolicy::REPORT_OFFERED,
        number: NumberMode::TypeIn { digits: 6 },
        otp: OtpSpec::BOUND,
        context: Context::new("Intranet", "alice").unwrap(),
    }
}

pub(crate) fn payload(parts: ChallengeParts) -> Payload {
    Challenge::new(parts).unwrap().encode().unwrap()
}

pub(crate) fn approval(code: &Code) -> Approval<'_> {
    Approval { token: TOKEN, number: NUMBER, code, verification: UserVerification::Pin }
}

/// Both ends of one channel, and a generator for both.
pub(crate) struct World {
    pub(crate) device: Device,
    pub(crate) signer: Ed25519Signer,
    pub(crate) server_key: ServerKey,
    pub(crate) rng: ChaCha20Rng,
    pub(crate) sequence: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        let server_key = ServerKey::from_bytes(&[5; 32]);
        let binding = Binding { tenant: tenant(), device: DeviceId::from_bytes([1; 16]), epoch: Epoch::FIRST };
        Self {
            device: Device::new(binding, keys(0), *server_key.public_key()),
            signer: Ed25519Signer::from_bytes(&[6; 32]),
            server_key,
            rng: ChaCha20Rng::seed_from_u64(1),
            sequence: 0,
        }
    }

    pub(crate) fn seal(&mut self, payload: &Payload) -> Vec<u8> {
        envelope::seal(payload, self.device.keys(), &tenant(), &mut self.rng).unwrap()
    }

    /// The challenge as the device has it after it came as a push.
    pub(crate) fn opened(&mut self, parts: ChallengeParts) -> Opened {
        let bytes = self.seal(&payload(parts));
        match self.device.open(&bytes, at(NOW)).unwrap() {
            Incoming::Challenge(opened) => opened,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn shown(&mut self) -> Shown {
        self.opened(parts()).show(&[held(TOKEN, TokenPolicy::PIN_PROTECTED)]).unwrap()
    }

    /// Sends with the device's own key; `step` gets the device and what sending takes.
    pub(crate) fn send<T>(&mut self, step: impl FnOnce(&Device, &mut Sending<'_>) -> T) -> T {
        self.sequence += 1;
        let sent = Sent { at: at(NOW), sequence: self.sequence };
        step(&self.device, &mut Sending { signer: &self.signer, rng: &mut self.rng, sent })
    }

    pub(crate) fn receive(&self, frame: &[u8]) -> (FromDevice, MessageHash) {
        let recipient = Recipient {
            server_key: &self.server_key,
            binding: self.device.binding(),
            keys: self.device.keys(),
            verifying_key: &self.signer.verifying_key(),
        };
        let signed = Frame::parse(frame).unwrap().open(&recipient).unwrap();
        (signed.decode().unwrap(), signed.hash())
    }

    /// The result of a message, as the device opens it.
    pub(crate) fn result(&mut self, about: MessageHash, reply: Reply) -> ResultMessage {
        let result = ResultMessage::new(parts().id, about, reply, at(NOW)).unwrap();
        let bytes = self.seal(&result.encode().unwrap());
        match self.device.open(&bytes, at(NOW)).unwrap() {
            Incoming::Result(result) => result,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn told(&mut self, about: MessageHash, status: Status) -> ResultMessage {
        self.result(about, Reply::new(status))
    }

    /// The server: opens a frame, judges it with the state machine, stores the request, and replies.
    pub(crate) fn serve(&mut self, request: &mut Request, frame: &[u8]) -> ResultMessage {
        let (message, rh) = self.receive(frame);
        let device = self.device.binding().device;
        let event = match message {
            FromDevice::Approve(approve) => Event::Approve(state::Approval {
                device,
                rh,
                ch: approve.hash(),
                token: approve.token(),
                standing: TokenStanding::Usable,
                token_policy: TokenPolicy::PIN_PROTECTED,
                verification: approve.verification(),
                number: NumberVerdict::of(NUMBER.as_bytes(), approve.expose_number().as_bytes()),
                passcode: if code().matches(approve.expose_code()) {
                    PasscodeVerdict::Right
                } else {
                    PasscodeVerdict::Wrong
                },
                failures: 2,
            }),
            FromDevice::Deny(deny) => Event::Deny(Denial { device, rh, ch: deny.hash(), reason: deny.reason() }),
            FromDevice::Report(report) => {
                Event::Report(Denial { device, rh, ch: report.hash(), reason: report.reason() })
            }
            other => panic!("{other:?}"),
        };
        let transition = state::apply(request, &event, at(NOW + 10));
        if let Some(next) = transition.next {
            *request = next;
        }
        self.result(rh, transition.reply.unwrap())
    }
}

pub(crate) fn request() -> Request {
    let challenge = Challenge::new(parts()).unwrap();
    let hash = challenge.encode().unwrap().challenge_hash(&tenant());
    Request::new(&challenge, hash)
}
