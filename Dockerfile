# Two images: `docker build --target studio .` makes the whole product, `docker build .` a demo that nobody can change.
# docs/hosting-docker.md says how to run them.

FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv
COPY requirements.txt /tmp/requirements.txt
# The libraries' own tests and C headers are of no use to who runs them.
RUN /venv/bin/pip install -r /tmp/requirements.txt \
    && cd /venv/lib/python3.11/site-packages \
    && rm -rf pandas/tests pyarrow/include pyarrow/tests \
    && find numpy scipy sklearn -type d -name tests -prune -exec rm -rf {} + \
    && find . -name '*.a' -delete
COPY . /app
# Whatever modes the files had where the image is made: everybody may read the program, nobody may change it.
RUN chmod -R a+rX,go-w /app && /venv/bin/python -m compileall -q /app/app.py /app/pages /app/sentiment /app/ui

FROM python:3.11-slim AS studio
RUN useradd --create-home --uid 1000 studio && install -d -o studio -g studio /workspace /tmp/sentiment-studio
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PORT=8501 \
    SENTIMENT_WORKSPACE=/workspace \
    SENTIMENT_CACHE=/tmp/sentiment-studio
WORKDIR /app
USER 1000
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "hosting/health.py"]
CMD ["sh", "hosting/start.sh"]

FROM studio AS demo
ENV SENTIMENT_WORKSPACE=/home/studio/demo
# What was compiled for this machine's processor need not suit another one's.
RUN python -m sentiment.demo && rm -rf "$SENTIMENT_CACHE"
ENV SENTIMENT_MODE=demo STREAMLIT_SERVER_MAX_UPLOAD_SIZE=1
