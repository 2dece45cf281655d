{{- define "borg-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "borg-operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains (include "borg-operator.name" .) .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "borg-operator.name" .) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "borg-operator.account" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "borg-operator.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name: needed where serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "borg-operator.selector" -}}
app.kubernetes.io/name: {{ include "borg-operator.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "borg-operator.labels" -}}
{{ include "borg-operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* An image's reference: (list . IMAGE) */ -}}
{{- define "borg-operator.image" -}}
{{- $root := index . 0 -}}{{- $image := index . 1 -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default $root.Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{- /* The rules of the first Role or ClusterRole of a file that deploy/ has, too: (list . FILE) */ -}}
{{- define "borg-operator.rules" -}}
{{- $root := index . 0 -}}
{{- range splitList "---\n" ($root.Files.Get (index . 1)) -}}
{{- $object := fromYaml . -}}
{{- if hasSuffix "Role" $object.kind }}
rules:
{{ toYaml $object.rules | indent 2 }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* A binding's subject, the operator. */ -}}
{{- define "borg-operator.subject" -}}
subjects:
  - kind: ServiceAccount
    name: {{ include "borg-operator.account" . }}
    namespace: {{ .Release.Namespace | quote }}
{{- end -}}

{{- define "borg-operator.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{- define "borg-operator.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- end -}}
