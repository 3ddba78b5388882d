//! The course around the exercises: what students get (`release`), hints, pull requests, and the programs that the grader is
//! tested with.

pub mod hints;
mod lock_file;
pub mod new_exercise;
pub mod new_folder;
pub mod pull_request;
pub mod release;
pub mod sample_programs;
pub mod sentences;
