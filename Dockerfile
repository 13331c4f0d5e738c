# kws on a box without a desktop.  docs/install.md says how to give it a microphone.

FROM debian:trixie-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY . /source
# The virtual environment leaves without pip, which nobody needs to listen.
RUN python3 -m venv /opt/kws \
    && /opt/kws/bin/pip install --no-cache-dir /source \
    && /opt/kws/bin/pip uninstall -y pip

FROM debian:trixie-slim
# libasound2-plugins reaches a PulseAudio or PipeWire server of the host, and takes 180 MB.
ARG PACKAGES=""
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 libportaudio2 $PACKAGES \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 --groups audio --create-home kws \
    && install -d -o kws -g kws -m 0750 /run/kws /var/lib/kws
COPY --from=build /opt/kws /opt/kws
# Where the sockets and the saved thresholds are.
ENV PATH=/opt/kws/bin:$PATH RUNTIME_DIRECTORY=/run/kws STATE_DIRECTORY=/var/lib/kws
VOLUME ["/run/kws", "/var/lib/kws"]
USER kws
HEALTHCHECK --interval=60s --timeout=10s CMD ["kws", "ctl", "ping"]
ENTRYPOINT ["kws"]
CMD ["listen", "--wait"]
