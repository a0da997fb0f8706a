//! Reading a PSKC container of 10,000 keys, plain and encrypted: seconds and peak memory, ours and those of the Python
//! package `python-pskc` where the interpreter that `PYTHON` names (or `python3`) has it. Each reads in processes of its
//! own, in turns in one run, and must find all secrets.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench stops at the first thing that is wrong")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use pushotp_provision::{Credential, Kind, Mac, Policy, Unlock, pskc};
use pushotp_types::Secret;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

const KEY: [u8; 16] = *b"pre-shared key 1";
const KEYS: usize = 10_000;
const TURNS: usize = 5;
/// What this program is called with to read a file and say what that took.
const READ: &str = "--read-pskc";

/// The same as [`read`], in Python.
const SCRIPT: &str = "
import resource, sys, time
from pskc import PSKC
start = time.perf_counter()
container = PSKC(sys.argv[1])
container.encryption.key = bytes.fromhex(sys.argv[2])
keys = sum(1 for key in container.keys if len(key.secret) == 20 and key.check())
print(keys, time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
";

/// Keys, seconds, and the most memory of the process in KiB.
type Cost = (usize, f64, u64);

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let Some(place) = arguments.iter().position(|argument| argument == READ) {
        return read(Path::new(arguments.get(place + 1).unwrap()));
    }
    let test = arguments.iter().any(|argument| argument == "--test");
    let (keys, turns) = if test { (100, 1) } else { (KEYS, TURNS) };
    let folder = env::temp_dir().join(format!("provision-pskc-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    for (name, file) in write(keys, &folder) {
        compare(name, &file, keys, turns, test);
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// Two containers of the same keys.
fn write(keys: usize, folder: &Path) -> [(&'static str, PathBuf); 2] {
    let mut rng = ChaCha20Rng::seed_from_u64(6030);
    let credentials: Vec<Credential> = (0..keys)
        .map(|number| {
            let mut secret = [0; 20];
            rng.fill_bytes(&mut secret);
            let credential = Credential::new(Kind::totp(30), "", Secret::new(&secret).unwrap());
            let credential = credential.with_serial(format!("AC{number:08}")).with_issuers(Some("Acme".into()), None);
            credential.with_extra("manufacturer", "Acme").with_extra("key_id", format!("K{number:08}"))
        })
        .collect();
    let plain = pskc::write(&credentials).unwrap();
    let sealed = pskc::write_encrypted(&credentials, "Pre-shared-key", &KEY, &mut rng).unwrap();
    [("plain", plain.as_str()), ("AES-128-CBC with HMAC", &sealed)].map(|(name, xml)| {
        let file = folder.join(name);
        fs::write(&file, xml).unwrap();
        (name, file)
    })
}

fn compare(name: &str, file: &Path, keys: usize, turns: usize, test: bool) {
    let size = fs::metadata(file).unwrap().len();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut others = python().is_some();
    for _ in 0..turns {
        ours.push(run(Command::new(env::current_exe().unwrap()).arg(READ).arg(file)));
        if let Some(mut python) = python().filter(|_| others) {
            python.args(["-c", SCRIPT]).arg(file).arg(KEY.map(|byte| format!("{byte:02x}")).concat());
            theirs.push(run(&mut python));
        }
    }
    for (found, _, _) in ours.iter().chain(&theirs) {
        assert_eq!(*found, keys, "{name}: not all keys were read");
    }
    others &= !theirs.is_empty();
    if test {
        return println!("pskc, {name}: runs");
    }
    let (seconds, peak) = median(ours);
    println!("pskc, {name}, {keys} keys, {} KiB: ours {seconds:.3} s, {peak} KiB at most", size / 1024);
    if !others {
        return println!("skipped: python-pskc is not installed");
    }
    let (their_seconds, their_peak) = median(theirs);
    #[expect(clippy::cast_precision_loss, reason = "sizes of processes")]
    let ratio = their_peak as f64 / peak as f64;
    println!(
        "pskc, {name}: python-pskc {their_seconds:.3} s, {their_peak} KiB at most; {:.1} times the time, {ratio:.1} \
         times the memory",
        their_seconds / seconds
    );
}

/// Reads in a process of its own, whose peak is that of nothing else.
fn read(file: &Path) {
    let start = Instant::now();
    let input = fs::read(file).unwrap();
    let policy = Policy::server().mac(Mac::IfPresent);
    let container = pskc::parse(&input, &policy, &Unlock::none().key(&KEY)).unwrap();
    let keys = container.credentials().filter(|credential| credential.secret().expose().len() == 20).count();
    let seconds = start.elapsed().as_secs_f64();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
    println!("{keys} {seconds} {}", peak.unwrap_or("0"));
}

/// An interpreter that has the package.
fn python() -> Option<Command> {
    let name = env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let status = Command::new(&name).args(["-c", "import pskc"]).stderr(std::process::Stdio::null()).status();
    status.is_ok_and(|status| status.success()).then(|| Command::new(&name))
}

fn run(command: &mut Command) -> Cost {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut words = text.split_whitespace();
    let mut word = || words.next().unwrap();
    (word().parse().unwrap(), word().parse().unwrap(), word().parse().unwrap())
}

/// The middle of the times, and the highest of the peaks.
fn median(mut costs: Vec<Cost>) -> (f64, u64) {
    costs.sort_by(|one, other| one.1.total_cmp(&other.1));
    let peak = costs.iter().map(|cost| cost.2).max().unwrap_or(1);
    (costs.get(costs.len() / 2).map_or(f64::NAN, |cost| cost.1), peak)
}
