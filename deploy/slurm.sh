#!/usr/bin/env bash
#SBATCH --job-name=hierbatch
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --gpus-per-task=1
#SBATCH --time=24:00:00
#SBATCH --requeue
#
# A run on Slurm: sbatch deploy/slurm.sh MANIFEST VOICES RUN [OPTIONS]
#
# One Ray node per task, the driver on the first. MANIFEST, VOICES and RUN are on a file system that all nodes share, and
# hierbatch is installed there. A job that was requeued, or submitted again, resumes the run.
set -euo pipefail

if [ $# -lt 3 ]; then
  echo "usage: sbatch slurm.sh MANIFEST VOICES RUN [OPTIONS of hierbatch run]" >&2
  exit 2
fi
manifest=$1 voices=$2 run=$3
shift 3

export RAY_AUTH_MODE=token
RAY_AUTH_TOKEN=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
export RAY_AUTH_TOKEN RAY_USAGE_STATS_ENABLED=0

mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
head=${nodes[0]}
port=$((20000 + SLURM_JOB_ID % 10000))
address=$head:$port

srun --nodes=1 --ntasks=1 --nodelist="$head" --overlap \
  ray start --head --node-ip-address="$head" --port="$port" --include-dashboard=false --block &
if [ "${#nodes[@]}" -gt 1 ]; then
  sleep 15 # the head has to listen first
  srun --nodes=$((${#nodes[@]} - 1)) --ntasks=$((${#nodes[@]} - 1)) --exclude="$head" --overlap \
    ray start --address="$address" --block &
fi
sleep 15

# Workers that do not fit yet wait for their node.
hierbatch run "$manifest" --voices "$voices" --out "$run" \
  --ray-address "$address" --workers "${#nodes[@]}" --device cuda "$@"
