//! The golden vectors of Tests/golden: the same bits as in every other language.

use std::collections::HashMap;
use std::path::PathBuf;

use stepsize::{Observation, Options, Schedule, Scheduler, Status, Stop};

fn golden(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../Tests/golden").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn schedules() {
    let mut cases: HashMap<String, HashMap<i64, u64>> = HashMap::new();
    let mut text = String::new();
    // The last one has the bits where the library misses the nearest double.
    for name in ["primitives.tsv", "compositions.tsv", "algebra.tsv", "examples.tsv", "bits.txt"] {
        for line in golden(name).lines() {
            if let Some(case) = line.strip_prefix("= ") {
                text = case.to_string();
            } else if !line.is_empty() && !line.starts_with('#') {
                let mut fields = line.split('\t');
                let step = fields.next().unwrap().parse().unwrap();
                let bits = u64::from_str_radix(fields.next().unwrap(), 16).unwrap();
                cases.entry(text.clone()).or_default().insert(step, bits);
            }
        }
    }
    assert!(cases.len() > 1300);
    for (text, rows) in cases {
        let schedule = Schedule::new(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        for (step, bits) in rows {
            let mut row = [0.0; 1];
            schedule.fill(&mut row, step, 1, 1.0).unwrap();
            assert_eq!(schedule.at(step).to_bits(), bits, "{text} at {step}");
            assert_eq!(row[0].to_bits(), bits, "{text} at {step}");
        }
    }
}

fn call(scheduler: &mut Scheduler, call: &str) {
    let words: Vec<&str> = call.split(':').collect();
    let number = |index: usize| words[index].parse::<f64>().unwrap();
    match words[0] {
        "observe" => {
            let observation = words[1..].iter().fold(Observation::default(), |seen, word| {
                let (name, value) = word.split_once('=').unwrap();
                let value = value.parse().unwrap();
                match name {
                    "loss" => seen.loss(value),
                    "grad_norm" => seen.grad_norm(value),
                    "grad_l1" => seen.grad_l1(value),
                    "distance" => seen.distance(value),
                    "start_norm" => seen.start_norm(value),
                    "dot_start" => seen.dot_start(value),
                    "dot_update" => seen.dot_update(value),
                    "update_norm" => seen.update_norm(value),
                    "dot_x" => seen.dot_x(value),
                    "mean_norm" => seen.mean_norm(value),
                    "mean_dot_x" => seen.mean_dot_x(value),
                    _ => panic!("{name}"),
                }
            });
            scheduler.observe(&[observation])
        }
        "observe_gradient" => {
            let norms = (words.len() > 2).then(|| [number(2)]);
            scheduler.observe_gradient(&[number(1)], norms.as_ref().map(|norms| &norms[..]))
        }
        "propose" => scheduler.propose(number(1), &[number(2)]),
        "report" => scheduler.report(number(1), &[]).map(|trial| assert_eq!(trial.name(), words[2])),
        "-" => scheduler.advance(1),
        loss => scheduler.step_with_loss(loss.parse().unwrap()),
    }
    .unwrap_or_else(|error| panic!("{call}: {error}"))
}

#[test]
fn controllers() {
    let (mut scheduler, mut name, mut text, mut traces) = (None, "", "", 0);
    let page = golden("controllers.txt");
    for line in page.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields[..] {
            ["scheduler", given] => text = given,
            ["base", base] => scheduler = Some(Scheduler::new(text, &[base.parse().unwrap()]).unwrap()),
            [given, rate, decision] => {
                let scheduler = scheduler.as_mut().unwrap();
                call(scheduler, given);
                assert_eq!(scheduler.lr(0).to_bits(), rate.parse::<f64>().unwrap().to_bits(), "{name}");
                assert_eq!(scheduler.decision().name(), decision, "{name}");
            }
            _ => {
                name = line;
                traces += 1;
            }
        }
    }
    assert!(traces >= 56);
}

/// Of C's `%a`.
fn hexadecimal(text: &str) -> f64 {
    let (mantissa, exponent) = text.strip_prefix("0x").unwrap().split_once('p').unwrap();
    let digits = mantissa.replace('.', "");
    let shift = 4 * (digits.len() as i32 - 1);
    u64::from_str_radix(&digits, 16).unwrap() as f64 * 2f64.powi(exponent.parse::<i32>().unwrap() - shift)
}

#[test]
fn states() {
    let page = golden("states.txt");
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        let pair = |i: usize| u8::from_str_radix(&words[1][2 * i..2 * i + 2], 16).unwrap();
        let state: Vec<u8> = (0..words[1].len() / 2).map(pair).collect();
        let mut scheduler = Scheduler::restore(&state).unwrap();
        for (rates, update) in words[2..].chunks(2).zip(40..) {
            // Those that observe more than a loss went without.
            match scheduler.needs().0 & !stepsize::Needs::NEEDS_LOSS.0 {
                0 => scheduler.step_with_loss(1.0 + f64::from(update * 7 % 11) / 8.0).unwrap(),
                _ => scheduler.advance(1).unwrap(),
            }
            let expected: Vec<f64> = rates.iter().map(|rate| hexadecimal(rate)).collect();
            assert_eq!(scheduler.lrs(), expected, "{scheduler}");
        }
    }
}

#[test]
fn record_and_extension() {
    let options = Options { record: true, max_lr: vec![0.4], ..Options::default() };
    let mut scheduler = Scheduler::with_options("linear(10)", &[0.5], &options).unwrap();
    let used: Vec<f64> = (0..5).map(|_| (scheduler.lr(0), scheduler.step().unwrap()).0).collect();
    let replay = scheduler.replay(0).unwrap();
    assert_eq!(used, (0..5).map(|step| replay.at(step)).collect::<Vec<_>>());
    assert_eq!(used[..2], [0.4, 0.4]);
    scheduler.extend(&Schedule::table(&[0.5]).unwrap()).unwrap();
    assert_eq!((scheduler.lr(0), scheduler.current_step(), scheduler.stop_reason()), (0.25, 5, Stop::END));
    let shares = Schedule::with_total("warmup(10%) >> cosine(rest)", 100).unwrap();
    assert_eq!(shares.to_string(), "warmup(10) >> cosine(90)");
}

#[test]
fn failures_and_operators() {
    let error = Schedule::new("linear(10").unwrap_err();
    assert_eq!((error.status, error.offset), (Status::ERROR_SYNTAX, Some(9)));
    assert!(!error.message.is_empty() && error.status.to_string() == "STEPSIZE_ERROR_SYNTAX");
    assert_eq!(Scheduler::new("greedy()", &[]).unwrap_err().status, Status::ERROR_ARGUMENT);
    assert_eq!(Scheduler::new("greedy()", &[0.1]).unwrap().step().unwrap_err().status, Status::ERROR_LOSS_REQUIRED);
    assert_eq!(Scheduler::restore(b"damaged").unwrap_err().status, Status::ERROR_STATE);

    let (major, minor, patch) = stepsize::version();
    assert_eq!(format!("{major}.{minor}.{patch}"), env!("CARGO_PKG_VERSION"));

    let (rise, fall): (Schedule, Schedule) = ("warmup(10)".parse().unwrap(), "cosine(90)".parse().unwrap());
    assert_eq!((&rise >> &fall).unwrap().to_string(), "warmup(10) >> cosine(90)");
    assert_eq!((&(&rise * &fall).unwrap() * 0.5).unwrap().to_string(), "0.5 * warmup(10) * cosine(90)");
    assert_eq!((fall.length(), Schedule::new("constant()").unwrap().length()), (Some(90), None));
    assert_eq!(std::thread::scope(|scope| scope.spawn(|| fall.at(45)).join().unwrap()), fall.at(45));
}
