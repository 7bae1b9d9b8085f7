//! The aims as ratios, all measured in one process, in turns.
//!
//! What slows the machine for a moment slows all that is measured in that
//! round, so each round gives its own ratios, and their median is shown. Time is
//! the thread's CPU time: what others compute meanwhile does not count.

use std::hint::black_box;
use std::time::Duration;

use cpu_time::ThreadTime;
use passrig_bench::{Bare, Peer, Rig, Server, creation_options, id_of, request_options};

const ROUNDS: usize = 301;
/// How often each operation is done per round.
const TIMES: u32 = 10;

fn main() {
    let measured = measure();
    let row = |name: &str, of: fn(&Round) -> Duration| {
        println!("| {name} | {:.1} µs |", micros(median(measured.iter().map(of))));
    };
    println!("| one operation | CPU time, median |\n|---|---|");
    row("p256 alone: sign", |r| r.sign);
    row("p256 alone: verify", |r| r.verify);
    row("assertion, from JSON to JSON", |r| r.assertion);
    row("the same, portable path", |r| r.portable);
    row("the same, passkey with aws-lc-rs", |r| r.peer_assertion);
    row("registration, from JSON to JSON", |r| r.registration);
    row("the same, passkey with aws-lc-rs", |r| r.peer_registration);
    row("assertion, 1 listed of 10 credentials", |r| r.listed_of_few);
    row("assertion, 1 listed of 100,000 credentials", |r| r.listed_of_many);
    row("assertion, none listed, 10 credentials", |r| r.found_of_few);
    row("assertion, none listed, 100,000 credentials", |r| r.found_of_many);
    row("the reference RP answers an assertion", |r| r.server);

    println!("\n| aim | bound | measured | holds |\n|---|---|---|---|");
    let aim = |name: &str, bound: Bound, of: fn(&Round) -> (Duration, Duration)| {
        let ratio = median(measured.iter().map(|round| {
            let (one, other) = of(round);
            one.as_secs_f64() / other.as_secs_f64()
        }));
        let (words, holds) = match bound {
            Bound::AtMost(most) => (format!("≤ {most:.2}"), ratio <= most),
            Bound::AtLeast(least) => (format!("≥ {least:.2}"), ratio >= least),
        };
        println!("| {name} | {words} | {ratio:.2} | {} |", if holds { "yes" } else { "**no**" });
    };
    use Bound::{AtLeast, AtMost};
    aim("assertion ÷ p256's signature alone", AtMost(0.40), |r| (r.assertion, r.sign));
    aim("passkey's assertion ÷ ours", AtLeast(1.80), |r| (r.peer_assertion, r.assertion));
    aim("passkey's registration ÷ ours", AtLeast(1.00), |r| (r.peer_registration, r.registration));
    aim("portable assertion ÷ p256's signature alone", AtMost(1.10), |r| (r.portable, r.sign));
    aim("1 listed of 100,000 ÷ 1 listed of 10", AtMost(1.05), |r| {
        (r.listed_of_many, r.listed_of_few)
    });
    aim("none listed, 100,000 ÷ none listed, 10", AtMost(1.05), |r| {
        (r.found_of_many, r.found_of_few)
    });
    aim("the RP's answer ÷ p256's verification alone", AtMost(0.35), |r| (r.server, r.verify));
}

enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// The time of one operation each.
struct Round {
    sign: Duration,
    verify: Duration,
    assertion: Duration,
    portable: Duration,
    peer_assertion: Duration,
    registration: Duration,
    peer_registration: Duration,
    listed_of_few: Duration,
    listed_of_many: Duration,
    found_of_few: Duration,
    found_of_many: Duration,
    server: Duration,
}

fn measure() -> Vec<Round> {
    let bare = Bare::default();
    let mut rig = Rig::with_credentials(1);
    let mut portable = Rig::with_credentials(1).portable();
    let mut few = Rig::with_credentials(10);
    let mut many = Rig::with_credentials(100_000);
    let mut registrar = Rig::with_credentials(1);
    let (mut peer, mut peer_registrar) = (Peer::default(), Peer::default());

    let creation = creation_options();
    let listed = request_options(Some(&rig.id));
    let unlisted = request_options(None);
    let peers = request_options(Some(&id_of(&peer.create(&creation))));
    assert_eq!(rig.get(&listed), portable.get(&listed), "both paths make the same octets");

    (0..ROUNDS)
        .map(|_| Round {
            sign: each(|| bare.sign()),
            assertion: each(|| rig.get(&listed)),
            peer_assertion: each(|| peer.get(&peers)),
            portable: each(|| portable.get(&listed)),
            registration: each(|| registrar.create(&creation)),
            peer_registration: each(|| peer_registrar.create(&creation)),
            listed_of_few: each(|| few.get(&listed)),
            listed_of_many: each(|| many.get(&listed)),
            found_of_few: each(|| few.get(&unlisted)),
            found_of_many: each(|| many.get(&unlisted)),
            verify: each(|| bare.verify()),
            server: {
                let mut server = Server::default();
                (0..TIMES).map(|_| server.authenticate()).sum::<Duration>() / TIMES
            },
        })
        .collect()
}

fn each<T>(mut operation: impl FnMut() -> T) -> Duration {
    let start = ThreadTime::now();
    for _ in 0..TIMES {
        black_box(operation());
    }
    start.elapsed() / TIMES
}

fn median<T: PartialOrd + Copy>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_by(|one, other| one.partial_cmp(other).unwrap());
    values[values.len() / 2]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
