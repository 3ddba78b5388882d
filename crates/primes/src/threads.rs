//! The pieces shared over the threads of a rayon pool: an idle thread steals pieces from a busy one.

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::plan::{Plan, Tally};
use crate::sieve::Sieve;
use crate::{Args, Crew, Failure, Print};

pub(crate) struct Threads {
    pool: ThreadPool,
    sieve: Sieve,
}

impl Threads {
    pub(crate) fn start(args: &Args) -> Result<Self, Failure> {
        let pool = ThreadPoolBuilder::new().num_threads(args.workers).build();
        let pool = pool.map_err(|error| Failure::Threads(error.to_string()))?;
        Ok(Self { pool, sieve: Sieve::new(args.largest_limit()) })
    }
}

impl Crew for Threads {
    fn tally(&mut self, plan: &Plan) -> Result<Tally, Failure> {
        let Self { pool, sieve } = self;
        // BEGIN SOLUTION
        use rayon::prelude::*;

        Ok(pool.install(|| {
            let tallies =
                (0..plan.pieces).into_par_iter().map(|index| sieve.segment(plan.piece(index)).tally());
            tallies.reduce(Tally::default, Tally::merge)
        }))
        // END SOLUTION
    }

    fn list(&mut self, plan: &Plan, print: Print) -> Result<(), Failure> {
        let Self { pool, sieve } = self;
        // BEGIN SOLUTION
        use rayon::prelude::*;

        // The pieces of one window, not of the whole plan: all of them together need not fit in memory.
        let window = 2 * pool.current_num_threads();
        for start in (0..plan.pieces).step_by(window) {
            let indices = start..plan.pieces.min(start + window);
            let sieved = || indices.into_par_iter().map(|index| sieve.segment(plan.piece(index))).collect();
            let segments: Vec<_> = pool.install(sieved);
            segments.iter().try_for_each(&mut *print)?;
        }
        Ok(())
        // END SOLUTION
    }

    fn finish(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}
