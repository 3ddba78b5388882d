# Two images of one Rust: `docker build .` makes the one that grades, the dev container is the stage `dev`.
# docs/platforms.md says how to use them, and what sandbox they have.

# The oldest Rust that will do, as Cargo.toml has it.
FROM rust:1.95-slim-bookworm AS rust


FROM rust AS dev
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git less openssh-client procps \
    && rm -rf /var/lib/apt/lists/* \
    && rustup component add clippy rustfmt rust-src
# The sandbox is stronger for an ordinary user than for root.
RUN useradd --create-home --shell /bin/bash student
USER student
# A volume is mounted here: Landlock does not hold on files that a Mac or Windows shares with a container. The volume
# begins as this folder is, and so belongs to the student.
RUN mkdir /home/student/target
ENV CARGO_TARGET_DIR=/home/student/target


FROM rust AS grader
WORKDIR /course
COPY . .
# The grader, and all that programs may use. Afterwards nothing has to be built but programs.
RUN cargo grade prepare
ENV CARGO_NET_OFFLINE=true
CMD ["cargo", "grade"]
