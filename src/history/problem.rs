//! Why a past could not be read; each says what was expected, and what to do.

/// What is wrong with a Prometheus, its answer, or the question.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// No connection.
    #[error("cannot connect: {0}: expected a Prometheus there; start it, or name another with --prometheus")]
    Connect(std::io::Error),
    /// The TLS of both sides does not fit, or the certificate is not trusted.
    #[error("TLS: {0}: expected a certificate that this machine trusts; SSL_CERT_FILE names other CAs")]
    Tls(std::io::Error),
    /// The machine's CAs cannot be read.
    #[error(
        "no CA certificates on this machine ({0}): install ca-certificates, or name a file of them by SSL_CERT_FILE"
    )]
    NoRoots(String),
    /// The connection broke, or what came is no HTTP.
    #[error("{0}: expected an answer by HTTP; is it a Prometheus, and http or https as it speaks?")]
    Http(hyper::Error),
    /// It takes too long.
    #[error("no answer within {0} s: expected one; narrow the query, or give a longer --step")]
    Slow(u64),
    /// It sends elsewhere.
    #[error("redirects ({status}) to {to}: redirects are not followed; give that address with --prometheus")]
    Redirect {
        /// HTTP status.
        status: u16,
        /// Where to; without credentials.
        to: String,
    },
    /// It does not let us in.
    #[error("refuses access ({0}): give --bearer-token-file, or http(s)://user:password@host, that it accepts")]
    Forbidden(u16),
    /// An HTTP error.
    #[error("answers {0}: expected Prometheus' API below this address; add its path prefix if it has one")]
    Status(u16),
    /// It says itself what is wrong.
    #[error("Prometheus refuses the query: {0}")]
    Refused(String),
    /// No answer of Prometheus.
    #[error("its answer is not JSON of Prometheus' range API ({0}): is it a Prometheus?")]
    NotJson(String),
    /// Something else than series.
    #[error("the query gives a {0}: expected series of numbers (a matrix)")]
    NotMatrix(String),
    /// Samples that are no numbers.
    #[error("{0}: expected samples that are numbers, at rising times; histograms cannot be judged")]
    NotNumbers(String),
    /// An answer above the cap, for one instant alone.
    #[error("an answer is longer than {0} bytes: narrow the query")]
    Long(usize),
    /// Too many series.
    #[error("gives more than {0} series: narrow the query")]
    Many(usize),
    /// No series.
    #[error("no series fits it in this time: look at the query, --from and --to in Prometheus' own page")]
    Empty,
    /// None of its series belongs to any that is judged.
    #[error(
        "none of its series has the labels of one of --query: aggregate it, or join with `on`, so that labels are equal"
    )]
    Apart,
    /// More than one fits.
    #[error("several of its series fit {0}: aggregate it, so that labels are equal")]
    Ambiguous(String),
}

impl Problem {
    /// Whether any query would meet it.
    pub fn is_of_the_connection(&self) -> bool {
        let is_of_query = matches!(
            self,
            Self::Refused(_)
                | Self::NotMatrix(_)
                | Self::NotNumbers(_)
                | Self::Long(_)
                | Self::Many(_)
                | Self::Empty
                | Self::Apart
                | Self::Ambiguous(_)
                | Self::Slow(_)
        );
        !is_of_query
    }
}
