//! The program as its users see it, against a server on this machine that does what each test tells it.

mod asking;
mod faults;
mod files;
mod many;
mod support;
