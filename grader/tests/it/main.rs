//! The grader as its users meet it: called from outside.

mod build;
mod check;
mod containment;
mod control;
mod hostile;
mod support;
mod tidy;
mod usage;
