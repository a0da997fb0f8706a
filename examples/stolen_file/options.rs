use pushotp::pin::{Cost, Pin, PinPolicy};

/// A PIN that the policy takes, and that no test of it knows.
const PIN: &str = "7294";

const USAGE: &str = "usage: stolen_file [--cost quick|floor|recommended] [--pin PIN] [--quiet]
  --cost  what a guess costs: quick (256 KiB, 1 pass: for this demonstration only), floor (19 MiB, 2 passes: minutes),
          recommended (64 MiB, 3 passes: an hour)
  --pin   the owner's PIN, four digits and none that is trivial
  --quiet one line per step";

/// What the command line says.
#[derive(Debug)]
pub(crate) struct Options {
    /// Of a guess, in both files.
    pub(crate) cost: Cost,
    /// The owner's.
    pub(crate) pin: String,
    /// One line per step.
    pub(crate) quiet: bool,
}

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, &'static str> {
        let mut options = Self { cost: quick()?, pin: PIN.to_owned(), quiet: false };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--cost" => options.cost = cost(&arguments.next().ok_or(USAGE)?)?,
                "--pin" => options.pin = arguments.next().ok_or(USAGE)?,
                "--quiet" => options.quiet = true,
                _ => return Err(USAGE),
            }
        }
        if may_be_chosen(&options.pin) { Ok(options) } else { Err(USAGE) }
    }
}

fn cost(name: &str) -> Result<Cost, &'static str> {
    match name {
        "quick" => quick(),
        "floor" => Ok(Cost::FLOOR),
        "recommended" => Ok(Cost::RECOMMENDED),
        _ => Err(USAGE),
    }
}

fn quick() -> Result<Cost, &'static str> {
    Cost::danger_below_floor(256, 1, 1).map_err(|_| USAGE)
}

/// The owner's policy: four digits in ASCII, none that is trivial.
pub(crate) fn chosen(pin: &str) -> Option<Pin> {
    let is_ascii = pin.bytes().all(|byte| byte.is_ascii_digit());
    let policy = PinPolicy::new(4, 4).ok()?;
    is_ascii.then(|| Pin::choose(pin, &policy).ok()).flatten()
}

/// Whether the policy takes it: the thief knows the policy, too.
pub(crate) fn may_be_chosen(pin: &str) -> bool {
    chosen(pin).is_some()
}
