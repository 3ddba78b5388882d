//! Who waits for whom at the end of a deadlock, as a graph: the cycle stands out.

use std::collections::BTreeSet;
use std::f64::consts::TAU;
use std::fmt::Write;

use engine::escape::markup;
use engine::picture::{Picture, WaitReason};
use schedule::ThreadId;

use super::super::columns;
use super::program::Program;
use super::schedule::colour;

/// More threads than these make no readable graph; the words below it are enough.
const MOST_NODES: usize = 12;

const WIDTH: f64 = 340.0;
const HEIGHT: f64 = 190.0;
const NODE: f64 = 19.0;

/// What memory orders have to do with it; then the graph and its words, where threads wait for ever, or a sentence, where
/// the program ended before its threads.
pub(super) fn figure(picture: &Picture, program: &Program<'_>) -> String {
    let sentence = |line: &str| format!("<p class=\"left\">{}</p>\n", markup(line));
    let orders: String = picture.orders.iter().map(|line| sentence(line)).collect();
    if picture.waits.is_empty() {
        return orders + &picture.left_line().map(|line| sentence(&line)).unwrap_or_default();
    }
    let line = |wait: &engine::picture::Wait| match &wait.place {
        Some(place) => program.link(place, "line", &markup(&wait.to_string()), ""),
        None => markup(&wait.to_string()),
    };
    let words: String = picture.waits.iter().map(|wait| format!("<li>{}</li>\n", line(wait))).collect();
    let cycle = columns::cycle_line(picture).map(|line| format!("<p class=\"cycle\">{line}</p>\n"));
    format!(
        "{orders}<figure class=\"waitfor\">\n{}<figcaption>{}<ul>\n{words}</ul></figcaption>\n</figure>\n",
        graph(picture),
        cycle.unwrap_or_default()
    )
}

fn graph(picture: &Picture) -> String {
    let pairs = || picture.waits.iter().filter_map(|wait| Some((wait, wait.for_thread()?)));
    let nodes: BTreeSet<ThreadId> =
        pairs().flat_map(|(wait, for_thread)| [wait.thread, for_thread]).collect();
    if nodes.is_empty() || nodes.len() > MOST_NODES {
        return String::new();
    }
    let nodes: Vec<ThreadId> = nodes.into_iter().collect();
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"who waits for whom\">\n\
         <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto-start-reverse\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n"
    );
    for (wait, for_thread) in pairs() {
        let label = match &wait.reason {
            WaitReason::Object { object, .. } => object.as_str(),
            _ => "end",
        };
        let is_cycle = picture.cycle.contains(&wait.thread) && picture.cycle.contains(&for_thread);
        let (from, to) = (position(&nodes, wait.thread), position(&nodes, for_thread));
        svg += &edge(from, to, &markup(label), if is_cycle { "edge cycle" } else { "edge" });
    }
    nodes.iter().for_each(|&thread| svg += &node(position(&nodes, thread), thread));
    svg + "</svg>\n"
}

/// Threads stand on an ellipse, the first on the left.
fn position(nodes: &[ThreadId], thread: ThreadId) -> (f64, f64) {
    let place = nodes.iter().position(|&node| node == thread).unwrap_or(0);
    if nodes.len() == 1 {
        return (WIDTH / 2.0, HEIGHT / 2.0 + 20.0);
    }
    let angle = TAU * (0.5 + place as f64 / nodes.len() as f64);
    let (across, down) = (WIDTH / 2.0 - NODE - 20.0, HEIGHT / 2.0 - NODE - 8.0);
    (WIDTH / 2.0 + across * angle.cos(), HEIGHT / 2.0 + down * angle.sin())
}

/// A bent arrow, so that two threads that wait for each other have one each.
fn edge(from: (f64, f64), to: (f64, f64), label: &str, class: &str) -> String {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy);
    let path_and_middle = if length < 1.0 {
        let (x, y) = (from.0, from.1 - NODE);
        (format!("M{:.1} {y:.1}c-40 -60 60 -60 {:.1} -2", x - 7.0, 15.0), (x, y - 50.0))
    } else {
        let (nx, ny) = (-dy / length, dx / length);
        let bend = 34.0;
        let control = ((from.0 + to.0) / 2.0 + nx * bend, (from.1 + to.1) / 2.0 + ny * bend);
        let start = towards(from, control, NODE);
        let end = towards(to, control, NODE + 3.0);
        // Words are wide and low: beside an arrow that goes down they need more room.
        let middle = (
            (from.0 + to.0) / 4.0 + control.0 / 2.0 + nx * 26.0,
            (from.1 + to.1) / 4.0 + control.1 / 2.0 + ny * 10.0,
        );
        let path = format!(
            "M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}",
            start.0, start.1, control.0, control.1, end.0, end.1
        );
        (path, middle)
    };
    let (path, (x, y)) = path_and_middle;
    format!(
        "<path class=\"{class}\" d=\"{path}\" marker-end=\"url(#arrow)\"/>\
         <text class=\"label\" x=\"{x:.1}\" y=\"{y:.1}\">{label}</text>\n"
    )
}

/// The point so far from `from` in the direction of `to`.
fn towards(from: (f64, f64), to: (f64, f64), distance: f64) -> (f64, f64) {
    let length = (to.0 - from.0).hypot(to.1 - from.1).max(1.0);
    (from.0 + (to.0 - from.0) * distance / length, from.1 + (to.1 - from.1) * distance / length)
}

fn node((x, y): (f64, f64), thread: ThreadId) -> String {
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<circle class=\"node {}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{NODE}\"/><text x=\"{x:.1}\" y=\"{y:.1}\">T{thread}</text>",
        colour(thread)
    );
    svg
}
