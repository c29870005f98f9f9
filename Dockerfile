# The page in a container: everything is installed and the models are prepared while this is built; it starts offline.
# docs/installing.md says how to build and run it.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim AS installed
# cpu, or a variant of CUDA such as cu130, whose libraries come with torch: the host needs NVIDIA's driver only.
ARG TORCH=cpu
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1 VIRTUAL_ENV=/opt/assistant
RUN python -m pip install --no-cache-dir uv==0.13.9 && python -m venv --without-pip "$VIRTUAL_ENV"
WORKDIR /source
COPY requirements.lock requirements-torch.lock ./
RUN uv pip install --torch-backend "$TORCH" "$(grep --only-matching '^torch==[0-9.]*' requirements-torch.lock)" \
    && uv pip install --no-deps --require-hashes --requirements requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY assistant assistant
COPY prompts prompts
COPY vectorstore vectorstore
RUN uv pip install --no-deps . && uv pip check

FROM installed AS fetched
# A name from `assistant models list`; the model that judges and the embedding model are fetched besides.
ARG MODEL=qwen2.5-coder-1.5b
ENV ASSISTANT_MODELS=/opt/models
RUN "$VIRTUAL_ENV/bin/assistant" models get "$MODEL" \
    && "$VIRTUAL_ENV/bin/assistant" models get qwen2.5-coder-1.5b && "$VIRTUAL_ENV/bin/assistant" models get minilm-l6

FROM python:${PYTHON}-slim
RUN useradd --uid 10001 --create-home assistant && install --directory --owner assistant --mode 700 /library
COPY --from=fetched /opt/models /opt/models
COPY --from=installed /opt/assistant /opt/assistant
COPY container/start /usr/local/bin/start
ENV PATH=/opt/assistant/bin:$PATH ASSISTANT_LIBRARY=/library ASSISTANT_MODELS=/opt/models \
    HF_HUB_OFFLINE=1 PYTHONUNBUFFERED=1 NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 10001
WORKDIR /home/assistant
VOLUME /library
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=2m \
    CMD ["python", "-c", "import http.client as http; page = http.HTTPConnection('127.0.0.1', 7860, timeout=8); page.request('GET', '/login'); raise SystemExit(page.getresponse().status >= 400)"]
ENTRYPOINT ["start"]
CMD ["serve", "--host", "0.0.0.0", "--no-open"]
