"""Small films, made by code."""

from pathlib import Path

from hierbatch.programs import ffmpeg_program, run_program

_CODECS = {".mp4": ("mpeg4", "aac"), ".mkv": ("mpeg4", "flac"), ".webm": ("libvpx", "libopus")}


def film_file(folder, name, duration_s=1.5, has_sound=True) -> Path:
    """A test picture, with a tone that comes and goes."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    video, audio = _CODECS[path.suffix]
    picture = ("-f", "lavfi", "-i", f"testsrc=size=64x48:rate=10:duration={duration_s}")
    sound = ("-f", "lavfi", "-i", f"aevalsrc='0.3*sin(2*PI*200*t)*sin(2*PI*2*t)':s=48000:d={duration_s}")
    streams = (*picture, *sound, "-c:a", audio) if has_sound else picture
    run_program([ffmpeg_program(), "-v", "error", "-y", *streams, "-c:v", video, str(path)])
    return path
