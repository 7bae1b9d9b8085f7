//! Each operation by itself, for those who look at one of them.

use criterion::{Criterion, criterion_group, criterion_main};
use passrig_bench::{Bare, Peer, Rig, Server, creation_options, id_of, request_options};

fn bare(c: &mut Criterion) {
    let bare = Bare::default();
    let mut group = c.benchmark_group("p256 alone");
    group.bench_function("sign", |b| b.iter(|| bare.sign()));
    group.bench_function("verify", |b| b.iter(|| bare.verify()));
}

fn assertion(c: &mut Criterion) {
    let mut rig = Rig::with_credentials(1);
    let listed = request_options(Some(&rig.id));
    let mut group = c.benchmark_group("assertion");
    group.bench_function("passrig", |b| b.iter(|| rig.get(&listed)));
    let mut rig = rig.portable();
    group.bench_function("passrig, portable path", |b| b.iter(|| rig.get(&listed)));
    let mut peer = Peer::default();
    let listed = request_options(Some(&id_of(&peer.create(&creation_options()))));
    group.bench_function("passkey with aws-lc-rs", |b| b.iter(|| peer.get(&listed)));
}

fn registration(c: &mut Criterion) {
    let options = creation_options();
    let mut group = c.benchmark_group("registration");
    let mut rig = Rig::with_credentials(1);
    group.bench_function("passrig", |b| b.iter(|| rig.create(&options)));
    let mut peer = Peer::default();
    group.bench_function("passkey with aws-lc-rs", |b| b.iter(|| peer.create(&options)));
}

fn look_up(c: &mut Criterion) {
    let mut group = c.benchmark_group("assertion with a full store");
    for count in [10, 100_000] {
        let mut rig = Rig::with_credentials(count);
        let (listed, unlisted) = (request_options(Some(&rig.id)), request_options(None));
        group.bench_function(format!("1 listed of {count}"), |b| b.iter(|| rig.get(&listed)));
        group.bench_function(format!("none listed, {count}"), |b| b.iter(|| rig.get(&unlisted)));
    }
}

fn server(c: &mut Criterion) {
    // A server remembers every challenge, so no one server answers for long.
    c.bench_function("the reference RP answers an assertion", |b| {
        b.iter_custom(|times| {
            let mut server = Server::default();
            (0..times)
                .map(|time| {
                    if time % 100 == 99 {
                        server = Server::default();
                    }
                    server.authenticate()
                })
                .sum()
        });
    });
}

criterion_group!(operations, bare, assertion, registration, look_up, server);
criterion_main!(operations);
