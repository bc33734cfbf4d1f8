/** The settings of the cert-manager controller that the shim obeys. What is not set has cert-manager's own default. */
export interface ShimFlags {
  /** --default-issuer-name; '' for none. */
  defaultIssuerName?: string;
  /** --default-issuer-kind; `Issuer`. */
  defaultIssuerKind?: string;
  /** --default-issuer-group; `cert-manager.io`. */
  defaultIssuerGroup?: string;
  /** --auto-certificate-annotations, of Ingresses; `kubernetes.io/tls-acme`. */
  autoCertificateAnnotations?: readonly string[];
  /** --extra-certificate-annotations; none. */
  extraCertificateAnnotations?: readonly string[];
  /** --gateway-api-extra-protocols; none. */
  gatewayExtraProtocols?: readonly string[];
  /** Whether the shim of that kind runs. Not known counts as yes: an update that does not come is the lesser mistake. */
  ingresses?: boolean;
  gateways?: boolean;
  listenerSets?: boolean;
  /** Feature gate ServerSideApply: what an update leaves then depends on who else wrote the Certificate. */
  serverSideApply?: boolean;
}

export const FLAG_DEFAULTS: Required<ShimFlags> = {
  defaultIssuerName: '',
  defaultIssuerKind: 'Issuer',
  defaultIssuerGroup: 'cert-manager.io',
  autoCertificateAnnotations: ['kubernetes.io/tls-acme'],
  extraCertificateAnnotations: [],
  gatewayExtraProtocols: [],
  ingresses: true,
  gateways: true,
  listenerSets: true,
  serverSideApply: false,
};
