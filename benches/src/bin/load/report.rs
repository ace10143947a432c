use std::{
    fmt::Write as _,
    io::{self, Write as _},
    time::Duration,
};

use crate::{
    goal::{Goal, Most, Want},
    workload::Row,
};

/// Everything that was measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    figures: Vec<Figure>,
}

/// A single figure.
#[derive(Debug)]
pub(crate) struct Figure {
    name: String,
    value: String,
    floor: String,
    goal: String,
    verdict: &'static str,
}

impl Figure {
    /// A figure of which something is wanted, in the words of `text`.
    pub(crate) fn new<T: Copy + PartialOrd>(
        name: String,
        value: T,
        most: Most<T>,
        text: impl Fn(T) -> String,
    ) -> Self {
        Self {
            name,
            value: text(value),
            floor: format!("≤ {}", text(most.floor)),
            goal: format!("≤ {}", text(most.goal)),
            verdict: most.verdict(&value).as_str(),
        }
    }

    /// A figure that is there to be known.
    pub(crate) fn plain(name: String, value: String) -> Self {
        Self {
            name,
            value,
            floor: "–".to_owned(),
            goal: "–".to_owned(),
            verdict: "–",
        }
    }
}

impl Report {
    pub(crate) fn add_row(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub(crate) fn add_figures(&mut self, figures: impl IntoIterator<Item = Figure>) {
        self.figures.extend(figures);
    }

    /// Prints it as Markdown.
    pub(crate) fn print(&self) -> io::Result<()> {
        io::stdout().write_all(self.text().as_bytes())
    }

    fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        if !self.rows.is_empty() {
            out.push_str(
                "| workload | connections | requests/s | p50 ms | p99 ms | server CPU µs | hello CPU µs | × hello | floor | goal | verdict |\n\
                 |---|--:|--:|--:|--:|--:|--:|--:|---|---|---|\n",
            );
        }
        for row in &self.rows {
            let Row {
                workload,
                connections,
                run,
                hello,
            } = row;
            let (cost, bare) = (micros(run.processor_time), micros(hello.processor_time));
            let times = cost / bare;
            let Goal { floor, goal } = workload.goal();
            let verdict = workload
                .goal()
                .verdict(times, run.rate, *connections)
                .as_str();
            let _ = writeln!(
                out,
                "| `{}` | {connections} | {:.0} | {:.2} | {:.2} | {cost:.1} | {bare:.1} | {times:.1} | {} | {} | {verdict} |",
                workload.name(),
                run.rate,
                micros(run.median) / 1e3,
                micros(run.p99) / 1e3,
                wanted(floor),
                wanted(goal),
            );
        }
        if !self.figures.is_empty() {
            out.push_str("\n| figure | value | floor | goal | verdict |\n|---|--:|---|---|---|\n");
        }
        for Figure {
            name,
            value,
            floor,
            goal,
            verdict,
        } in &self.figures
        {
            let _ = writeln!(out, "| {name} | {value} | {floor} | {goal} | {verdict} |");
        }
        out
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn wanted(want: Want) -> String {
    match want.rate {
        Some(rate) => format!("≤ {}, {rate:.0}/s", want.times_hello),
        None => format!("≤ {}", want.times_hello),
    }
}

/// Says why nothing was measured.
pub(crate) fn complain(fault: &dyn std::error::Error) {
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(io::stderr(), "load: {fault}");
}
