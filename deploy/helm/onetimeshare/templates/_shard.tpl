{{/* Which shard a pod is: its number in the set. */}}
{{- define "onetimeshare.shard" -}}
{{- if gt (int .shards) 1 -}}
- {name: DISCORD_SHARD_COUNT, value: {{ .shards | quote }}}
- name: DISCORD_SHARD_ID
  valueFrom:
    fieldRef: {fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']"}
{{- end -}}
{{- end -}}
