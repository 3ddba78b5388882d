//! The grader as its users meet it: called from outside.

mod advice;
mod audited;
mod blocking;
mod bounds;
mod build;
mod check;
mod containers;
mod containment;
mod control;
mod hint;
mod hooks;
mod hostile;
mod imports;
mod native;
mod no_control;
mod nothing_for_nothing;
mod pictures;
mod places;
mod pull_request;
mod release;
mod reports;
mod support;
mod tidy;
mod usage;
mod workflows;
mod world;
